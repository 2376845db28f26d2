/* Blocks beside what the board's start-up uses, which more than one program drives: RM0385, a section each. */
#ifndef BLOCKS_H
#define BLOCKS_H

#include "registers.h"

/* Section 5.3 */
#define RCC_CR_PLLSAION (1u << 28)
#define RCC_CR_PLLSAIRDY (1u << 29)
#define RCC_AHB1ENR_GPIOEN(port) (1u << (((port) - GPIOA) / 0x400u))
#define RCC_AHB1ENR_DMA2EN (1u << 22)
#define RCC_AHB1ENR_DMA2DEN (1u << 23)
#define RCC_AHB2ENR REG32(0x40023834u)
#define RCC_AHB2ENR_DCMIEN (1u << 0)
#define RCC_AHB3ENR REG32(0x40023838u)
#define RCC_AHB3ENR_FMCEN (1u << 0)
#define RCC_APB1ENR_I2C1EN (1u << 21)
#define RCC_APB1ENR_I2C3EN (1u << 23)
#define RCC_APB2ENR_LTDCEN (1u << 26)
#define RCC_PLLSAICFGR REG32(0x40023888u)
#define RCC_DCKCFGR1 REG32(0x4002388Cu)
#define RCC_DCKCFGR1_PLLSAIDIVR FIELD(3, 16)
#define RCC_DCKCFGR2 REG32(0x40023890u)
#define RCC_DCKCFGR2_I2C1SEL_HSI FIELD(2, 16)
#define RCC_DCKCFGR2_I2C3SEL_HSI FIELD(2, 20)

/* Section 6.4 */
#define GPIOC 0x40020800u
#define GPIOD 0x40020C00u
#define GPIOE 0x40021000u
#define GPIOF 0x40021400u
#define GPIOG 0x40021800u
#define GPIOH 0x40021C00u
#define GPIOI 0x40022000u
#define GPIOJ 0x40022400u
#define GPIOK 0x40022800u
#define GPIO_OTYPER(port) REG32((port) + 0x04u)
#define GPIO_IDR(port) REG32((port) + 0x10u)
#define GPIO_BSRR(port) REG32((port) + 0x18u)

/* Section 13.7: the SDRAM controller. */
#define FMC_SDCR1 REG32(0xA0000140u)
#define FMC_SDCR_COLUMNS_8 FIELD(0, 0)
#define FMC_SDCR_ROWS_12 FIELD(1, 2)
#define FMC_SDCR_WIDTH_16 FIELD(1, 4)
#define FMC_SDCR_FOUR_BANKS FIELD(1, 6)
#define FMC_SDCR_CAS_2 FIELD(2, 7)
#define FMC_SDCR_HCLK_BY_2 FIELD(2, 10)
#define FMC_SDCR_RBURST FIELD(1, 12)
#define FMC_SDTR1 REG32(0xA0000148u)
#define FMC_SDCMR REG32(0xA0000150u)
#define FMC_SDCMR_CTB1 (1u << 4)
#define FMC_SDCMR_NRFS(count) FIELD((count) - 1u, 5)
#define FMC_SDCMR_MRD(mode) FIELD(mode, 9)
#define FMC_SDRTR REG32(0xA0000154u)
#define FMC_SDSR REG32(0xA0000158u)
#define FMC_SDSR_BUSY (1u << 5)

/* Section 15.8 */
#define DCMI_CR REG32(0x50050000u)
#define DCMI_CR_CAPTURE (1u << 0)
#define DCMI_CR_CM_SNAPSHOT (1u << 1)
#define DCMI_CR_PCKPOL_RISING (1u << 5)
#define DCMI_CR_VSPOL_HIGH (1u << 7)
#define DCMI_CR_ENABLE (1u << 14)
#define DCMI_RIS REG32(0x50050008u)
#define DCMI_FRAME (1u << 0)
#define DCMI_OVR (1u << 1)
#define DCMI_IER REG32(0x5005000Cu)
#define DCMI_MIS REG32(0x50050010u)
#define DCMI_ICR REG32(0x50050014u)
#define DCMI_ICR_ALL 0x1Fu
#define DCMI_DR_ADDRESS 0x50050028u

/* Section 18.7 */
#define LTDC_SSCR REG32(0x40016808u)
#define LTDC_BPCR REG32(0x4001680Cu)
#define LTDC_AWCR REG32(0x40016810u)
#define LTDC_TWCR REG32(0x40016814u)
#define LTDC_GCR REG32(0x40016818u)
#define LTDC_GCR_LTDCEN (1u << 0)
#define LTDC_SRCR REG32(0x40016824u)
#define LTDC_SRCR_IMR (1u << 0)
#define LTDC_SRCR_VBR (1u << 1)
#define LTDC_BCCR REG32(0x4001682Cu)

/* Section 30.7 */
#define I2C1 0x40005400u
#define I2C3 0x40005C00u
#define I2C_CR1(i2c) REG32((i2c) + 0x00u)
#define I2C_CR1_PE (1u << 0)
#define I2C_CR2(i2c) REG32((i2c) + 0x04u)
#define I2C_CR2_RD_WRN (1u << 10)
#define I2C_CR2_START (1u << 13)
#define I2C_CR2_STOP (1u << 14)
#define I2C_CR2_NBYTES(count) FIELD(count, 16)
#define I2C_CR2_AUTOEND (1u << 25)
#define I2C_TIMINGR(i2c) REG32((i2c) + 0x10u)
#define I2C_ISR(i2c) REG32((i2c) + 0x18u)
#define I2C_ISR_TXIS (1u << 1)
#define I2C_ISR_RXNE (1u << 2)
#define I2C_ISR_NACKF (1u << 4)
#define I2C_ISR_STOPF (1u << 5)
#define I2C_ISR_TC (1u << 6)
#define I2C_ICR(i2c) REG32((i2c) + 0x1Cu)
#define I2C_RXDR(i2c) REG32((i2c) + 0x24u)
#define I2C_TXDR(i2c) REG32((i2c) + 0x28u)

#endif
