/* I2C masters at 100 kHz, by polling. */
#ifndef I2C_H
#define I2C_H

#include <stdint.h>

void i2c_init(uint32_t i2c);
/* Device addresses are of 7 bits, at most 255 bytes go at a time. 0, or -1 where nobody answers. */
int i2c_send(uint32_t i2c, unsigned device, const uint8_t *bytes, unsigned count);
int i2c_receive(uint32_t i2c, unsigned device, uint8_t *bytes, unsigned count);
/* A register of 8 bits: 0 and its value, or -1 where nobody answers. */
int i2c_write(uint32_t i2c, unsigned device, uint8_t reg, uint8_t value);
int i2c_read(uint32_t i2c, unsigned device, uint8_t reg);

#endif
