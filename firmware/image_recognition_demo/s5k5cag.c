/* Its processor has parameters in a memory of 16-bit words; a host writes them and interrupts it. */
#include "s5k5cag.h"

#include "devices.h"
#include "i2c.h"
#include "wait.h"

#define DEVICE 0x2Du
#define PAGE 0xFCFCu
#define WRITE_PAGE 0x0028u
#define WRITE_ADDRESS 0x002Au
#define DATA 0x0F12u
#define CHIP_ID 0x0040u
#define S5K5CAG 0x05CA

struct word {
    uint32_t address;
    uint16_t value;
};

static const struct word settings[] = {
    {0x700001CCu, 24000},  /* the oscillator in kHz */
    {0x700001CEu, 0},
    {0x700001F6u, 0x2EE0}, /* clocks in units of 4 kHz: its own, the pixels' lowest and highest */
    {0x700001F8u, 0x1770},
    {0x700001FAu, 0x1780},
    {0x70000208u, 1},
    {0x7000026Cu, 160},    /* preview 0: width, height, RGB565 */
    {0x7000026Eu, 120},
    {0x70000270u, 0},
    {0x70000272u, 0x1780}, /* the pixels' highest and lowest clock */
    {0x70000274u, 0x1760},
    {0x7000027Au, 0x0057}, /* low byte first, VSYNC high and HREF low in blanking */
    {0x70000284u, 2},      /* frames take 33.3 ms */
    {0x70000288u, 333},
    {0x7000028Au, 333},
    {0x70000296u, 0},      /* neither mirrored nor flipped */
    {0x7000023Cu, 0},      /* take over preview 0, and send it */
    {0x70000230u, 1},
    {0x7000023Eu, 1},
    {0x70000240u, 1},
    {0x70000220u, 1},
    {0x70000222u, 1},
    {0xD0001000u, 1},      /* the interrupt */
};

static int write(uint16_t reg, uint16_t value) {
    const uint8_t bytes[] = {reg >> 8, reg & 0xFFu, value >> 8, value & 0xFFu};
    return i2c_send(I2C1, DEVICE, bytes, sizeof bytes);
}

static int read(uint16_t reg) {
    const uint8_t address[] = {reg >> 8, reg & 0xFFu};
    uint8_t value[2];
    if (i2c_send(I2C1, DEVICE, address, sizeof address) || i2c_receive(I2C1, DEVICE, value, sizeof value)) {
        return -1;
    }
    return value[0] << 8 | value[1];
}

static int store(struct word word) {
    return write(WRITE_PAGE, word.address >> 16) || write(WRITE_ADDRESS, word.address & 0xFFFFu) || write(DATA, word.value);
}

int s5k5cag_init(void) {
    if (write(PAGE, 0x0000) || read(CHIP_ID) != S5K5CAG) {
        return -1;
    }
    if (write(PAGE, 0xD000) || write(0x0010, 1) || write(0x1030, 0) || write(0x0014, 1)) {
        return -1;
    }
    wait_milliseconds(100);
    for (unsigned i = 0; i < sizeof settings / sizeof *settings; i++) {
        if (store(settings[i])) {
            return -1;
        }
    }
    return 0;
}
