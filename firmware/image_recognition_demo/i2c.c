/* Masters of the I2C blocks: RM0385 section 30.4.8. */
#include "i2c.h"

#include "devices.h"

/* From the 16 MHz of the HSI: prescaler 4, high 4 us, low 5 us (section 30.4.9, table of examples). */
#define TIMING_100_KHZ 0x30420F13u

void i2c_init(uint32_t i2c) {
    RCC_DCKCFGR2 |= i2c == I2C1 ? RCC_DCKCFGR2_I2C1SEL_HSI : RCC_DCKCFGR2_I2C3SEL_HSI;
    RCC_APB1ENR |= i2c == I2C1 ? RCC_APB1ENR_I2C1EN : RCC_APB1ENR_I2C3EN;
    (void)RCC_APB1ENR;
    I2C_CR1(i2c) = 0;
    I2C_TIMINGR(i2c) = TIMING_100_KHZ;
    I2C_CR1(i2c) = I2C_CR1_PE;
}

/* Waits for a flag; the address or a byte that nobody acknowledges ends with STOPF. */
static int wait_for(uint32_t i2c, uint32_t flag) {
    for (;;) {
        const uint32_t status = I2C_ISR(i2c);
        if (status & I2C_ISR_NACKF) {
            while ((I2C_ISR(i2c) & I2C_ISR_STOPF) == 0) {
            }
            I2C_ICR(i2c) = I2C_ISR_NACKF | I2C_ISR_STOPF;
            return -1;
        }
        if (status & flag) {
            return 0;
        }
    }
}

static int end(uint32_t i2c) {
    const int result = wait_for(i2c, I2C_ISR_STOPF);
    I2C_ICR(i2c) = I2C_ISR_STOPF;
    return result;
}

int i2c_send(uint32_t i2c, unsigned device, const uint8_t *bytes, unsigned count) {
    I2C_CR2(i2c) = device << 1 | I2C_CR2_NBYTES(count) | I2C_CR2_AUTOEND | I2C_CR2_START;
    for (unsigned i = 0; i < count; i++) {
        if (wait_for(i2c, I2C_ISR_TXIS)) {
            return -1;
        }
        I2C_TXDR(i2c) = bytes[i];
    }
    return end(i2c);
}

int i2c_receive(uint32_t i2c, unsigned device, uint8_t *bytes, unsigned count) {
    I2C_CR2(i2c) = device << 1 | I2C_CR2_NBYTES(count) | I2C_CR2_RD_WRN | I2C_CR2_AUTOEND | I2C_CR2_START;
    for (unsigned i = 0; i < count; i++) {
        if (wait_for(i2c, I2C_ISR_RXNE)) {
            return -1;
        }
        bytes[i] = (uint8_t)I2C_RXDR(i2c);
    }
    return end(i2c);
}

int i2c_write(uint32_t i2c, unsigned device, uint8_t reg, uint8_t value) {
    const uint8_t bytes[] = {reg, value};
    return i2c_send(i2c, device, bytes, sizeof bytes);
}

/* Sensors of this kind want a STOP between the register's number and the read (SCCB, and I2C devices take it as well). */
int i2c_read(uint32_t i2c, unsigned device, uint8_t reg) {
    uint8_t value;
    return i2c_send(i2c, device, &reg, 1) || i2c_receive(i2c, device, &value, 1) ? -1 : value;
}
