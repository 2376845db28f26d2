/* FT5336 on I2C3 and the user button on PI11: UM1907; the touch controller's data sheet. */
#include "buttons.h"

#include "devices.h"
#include "i2c.h"
#include "pins.h"

#define TOUCH 0x38u
#define TD_STATUS 0x02u
#define AF4 4u

static int has_touch, was_touched, was_held;

void buttons_init(void) {
    pins_alternate(GPIOH, 1u << 7 | 1u << 8, AF4, NO_PULL, 1);
    pin_input(GPIOI, 11);
    i2c_init(I2C3);
    has_touch = i2c_read(I2C3, TOUCH, TD_STATUS) >= 0;
}

static int touched(void) {
    const int points = has_touch ? i2c_read(I2C3, TOUCH, TD_STATUS) & 15 : 0;
    return points >= 1 && points <= 5;
}

int buttons_pressed(void) {
    const int now_touched = touched(), now_held = pin_level(GPIOI, 11);
    const int pressed = (now_touched && !was_touched) || (now_held && !was_held);
    was_touched = now_touched;
    was_held = now_held;
    return pressed;
}
