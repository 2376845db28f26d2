/* USART, I2C, SPI and CAN beside what the board's registers.h has: RM0385 sections 30.7, 31.8, 32.9 and 40.9. */
#ifndef SERIAL_H
#define SERIAL_H

#include "clocks.h"

#define USART6 0x40011400u
#define UART7 0x40007800u
#define USART_CR1(usart) REG32((usart) + 0x00u)
#define USART_CR1_IDLEIE (1u << 4)
#define USART_CR1_PEIE (1u << 8)
#define USART_CR1_PS_ODD (1u << 9)
#define USART_CR1_PCE (1u << 10)
#define USART_CR1_M0 (1u << 12)
#define USART_CR1_OVER8 (1u << 15)
#define USART_CR2(usart) REG32((usart) + 0x04u)
#define USART_CR2_STOP_2 FIELD(2, 12)
#define USART_CR2_ADDM7 (1u << 4)
#define USART_CR2_ADD(address) FIELD(address, 24)
#define USART_CR3(usart) REG32((usart) + 0x08u)
#define USART_CR3_DMAR (1u << 6)
#define USART_CR3_DMAT (1u << 7)
#define USART_CR3_OVRDIS (1u << 12)
#define USART_BRR(usart) REG32((usart) + 0x0Cu)
#define USART_RQR(usart) REG32((usart) + 0x18u)
#define USART_RQR_SBKRQ (1u << 1)
#define USART_RQR_RXFRQ (1u << 3)
#define USART_ISR(usart) REG32((usart) + 0x1Cu)
#define USART_ISR_PE (1u << 0)
#define USART_ISR_FE (1u << 1)
#define USART_ISR_IDLE (1u << 4)
#define USART_ISR_CMF (1u << 17)
#define USART_ICR(usart) REG32((usart) + 0x20u)
#define USART_RDR(usart) REG32((usart) + 0x24u)
#define USART_TDR(usart) REG32((usart) + 0x28u)
#define USART6_IRQ 71u
#define UART7_IRQ 82u

#define I2C_CR1_TXIE (1u << 1)
#define I2C_CR1_RXIE (1u << 2)
#define I2C_CR1_NACKIE (1u << 4)
#define I2C_CR1_STOPIE (1u << 5)
#define I2C_CR1_RXDMAEN (1u << 15)
#define I2C_CR2_SADD(address) ((address) << 1)
#define I2C_CR2_RELOAD (1u << 24)
/* From the 16 MHz of the HSI: high 16, low 20 periods of 250 ns; section 30.4.9, table of examples for 100 kHz. */
#define TIMING_100_KHZ 0x30420F13u
#define I2C_ISR_TXE (1u << 0)
#define I2C_ISR_TCR (1u << 7)
#define I2C_ISR_BUSY (1u << 15)
#define I2C3_EV_IRQ 72u

#define SPI2 0x40003800u
#define SPI_CR1(spi) REG32((spi) + 0x00u)
#define SPI_CR1_MSTR (1u << 2)
#define SPI_CR1_BR(log2_less_one) FIELD(log2_less_one, 3)
#define SPI_CR1_SPE (1u << 6)
#define SPI_CR1_LSBFIRST (1u << 7)
#define SPI_CR1_SSI (1u << 8)
#define SPI_CR1_SSM (1u << 9)
#define SPI_CR1_CRCL_16 (1u << 11)
#define SPI_CR1_CRCNEXT (1u << 12)
#define SPI_CR1_CRCEN (1u << 13)
#define SPI_CR2(spi) REG32((spi) + 0x04u)
#define SPI_CR2_RXDMAEN (1u << 0)
#define SPI_CR2_TXDMAEN (1u << 1)
#define SPI_CR2_RXNEIE (1u << 6)
#define SPI_CR2_DS(bits) FIELD((bits) - 1u, 8)
#define SPI_CR2_FRXTH_8 (1u << 12)
#define SPI_SR(spi) REG32((spi) + 0x08u)
#define SPI_SR_RXNE (1u << 0)
#define SPI_SR_TXE (1u << 1)
#define SPI_SR_CRCERR (1u << 4)
#define SPI_SR_OVR (1u << 6)
#define SPI_SR_BSY (1u << 7)
#define SPI_SR_FRLVL FIELD(3, 9)
#define SPI_SR_FTLVL FIELD(3, 11)
#define SPI_DR(spi) (*(volatile uint16_t *)((spi) + 0x0Cu))
#define SPI_DR8(spi) (*(volatile uint8_t *)((spi) + 0x0Cu))
#define SPI_CRCPR(spi) REG32((spi) + 0x10u)
#define SPI_RXCRCR(spi) REG32((spi) + 0x14u)
#define SPI_TXCRCR(spi) REG32((spi) + 0x18u)
#define SPI2_IRQ 36u

#endif
