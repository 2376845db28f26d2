#include "ov9655.h"

#include "devices.h"
#include "i2c.h"
#include "wait.h"

#define PRODUCT_ID 0x0Au
#define PRODUCT 0x96
#define COM7 0x12u
#define COM7_RESET 0x80u

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

int ov9655_init(void) {
    if (i2c_write(I2C1, OV9655, COM7, COM7_RESET)) {
        return -1;
    }
    wait_milliseconds(10);
    if (i2c_read(I2C1, OV9655, PRODUCT_ID) != PRODUCT) {
        return -1;
    }
    for (unsigned i = 0; i < sizeof settings / sizeof *settings; i++) {
        if (i2c_write(I2C1, OV9655, settings[i].reg, settings[i].value)) {
            return -1;
        }
    }
    return 0;
}
