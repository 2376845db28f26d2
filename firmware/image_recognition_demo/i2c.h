/* I2C masters at 100 kHz, by polling. */
#ifndef I2C_H
#define I2C_H

#include <stdint.h>

void i2c_init(uint32_t i2c);
/* Device addresses are of 7 bits. 0, or -1 where nobody answers. */
int i2c_write(uint32_t i2c, unsigned device, uint8_t reg, uint8_t value);
/* A register's value, or -1 where nobody answers. */
int i2c_read(uint32_t i2c, unsigned device, uint8_t reg);

#endif
