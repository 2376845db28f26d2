/* OV9655 on I2C1: UM1907 for its pins, the sensor's data sheet for its registers. */
#include "sensor.h"

#include "board.h"
#include "devices.h"
#include "i2c.h"
#include "pins.h"

#define PRODUCT_ID 0x0Au
#define OV9655 0x96
#define AF4 4u
#define AF13 13u

struct setting {
    uint8_t reg, value;
};

/* VGA at 30 frames a second in RGB565, a fourth of it each way. The colour matrix is that of ST's board package. */
static const struct setting settings[] = {
    {0x11, 0x01}, /* CLKRC: a fourth of the PLL's clock */
    {0x6B, 0x5A}, /* DBLV: the PLL makes four times the input clock */
    {0x12, 0x63}, /* COM7: VGA, RGB */
    {0x40, 0xD0}, /* COM15: full range, 565 */
    {0x72, 0x22}, /* POIDX: a fourth of the lines and of the pixels */
    {0x73, 0x02}, /* PCKDV: the pixel clock with them */
    {0x4F, 0x98}, /* MTX1 .. MTX6: redness and blueness of red, green and blue */
    {0x50, 0x98},
    {0x51, 0x00},
    {0x52, 0x28},
    {0x53, 0x70},
    {0x54, 0x98},
    {0x58, 0x1A}, /* MTXS: which of them are negative */
    {0x3D, 0x99}, /* COM13: the matrix, and gamma */
};

static void wait_milliseconds(uint32_t count) {
    const uint32_t start = board_milliseconds();
    while (board_milliseconds() - start <= count) {
        wfi();
    }
}

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
    i2c_write(I2C1, SENSOR, 0x12, 0x80);
    wait_milliseconds(10);
    if (i2c_read(I2C1, SENSOR, PRODUCT_ID) != OV9655) {
        return -1;
    }
    for (unsigned i = 0; i < sizeof settings / sizeof *settings; i++) {
        if (i2c_write(I2C1, SENSOR, settings[i].reg, settings[i].value)) {
            return -1;
        }
    }
    return 0;
}
