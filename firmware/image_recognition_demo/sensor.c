/* The camera module's connector: UM1907 for its power and pins. */
#include "sensor.h"

#include "devices.h"
#include "i2c.h"
#include "ov9655.h"
#include "pins.h"
#include "s5k5cag.h"
#include "wait.h"

#define AF4 4u
#define AF13 13u

static void pins_init(void) {
    pins_alternate(GPIOA, 1u << 4 | 1u << 6, AF13, PULL_UP, 0);
    pins_alternate(GPIOD, 1u << 3, AF13, PULL_UP, 0);
    pins_alternate(GPIOE, 1u << 5 | 1u << 6, AF13, PULL_UP, 0);
    pins_alternate(GPIOG, 1u << 9, AF13, NO_PULL, 0);
    pins_alternate(GPIOH, 0x5E00u, AF13, NO_PULL, 0);
    pins_alternate(GPIOB, 1u << 8 | 1u << 9, AF4, NO_PULL, 1);
}

int sensor_init(void) {
    pins_init();
    pin_output(GPIOH, 13, 0);
    wait_milliseconds(10);
    i2c_init(I2C1);
    return ov9655_init() && s5k5cag_init() ? -1 : 0;
}
