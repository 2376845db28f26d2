/* RCC, PWR and FLASH beside what the board's registers.h has: RM0385 sections 3.7, 4.4 and 5.3. */
#ifndef CLOCKS_H
#define CLOCKS_H

#include "blocks.h"
#include "clock.h"

#define APB2_TIMER_HZ (2u * APB2_HZ)

#define FLASH_KEYR REG32(0x40023C04u)
#define FLASH_KEY1 0x45670123u
#define FLASH_KEY2 0xCDEF89ABu
#define FLASH_OPTKEYR REG32(0x40023C08u)
#define FLASH_OPTKEY1 0x08192A3Bu
#define FLASH_OPTKEY2 0x4C5D6E7Fu
#define FLASH_ACR_ARTRST (1u << 11)
#define FLASH_SR REG32(0x40023C0Cu)
#define FLASH_SR_EOP (1u << 0)
#define FLASH_SR_WRPERR (1u << 4)
#define FLASH_SR_PGAERR (1u << 5)
#define FLASH_SR_PGPERR (1u << 6)
#define FLASH_SR_ERSERR (1u << 7)
#define FLASH_SR_ERRORS 0xF2u
#define FLASH_SR_BSY (1u << 16)
#define FLASH_CR REG32(0x40023C10u)
#define FLASH_CR_PG (1u << 0)
#define FLASH_CR_SER (1u << 1)
#define FLASH_CR_SNB(sector) FIELD(sector, 3)
#define FLASH_CR_PSIZE(log2_bytes) FIELD(log2_bytes, 8)
#define FLASH_CR_STRT (1u << 16)
#define FLASH_CR_EOPIE (1u << 24)
#define FLASH_CR_ERRIE (1u << 25)
#define FLASH_CR_LOCK (1u << 31)
#define FLASH_OPTCR REG32(0x40023C14u)
#define FLASH_OPTCR_OPTLOCK (1u << 0)
#define FLASH_OPTCR_OPTSTRT (1u << 1)
#define FLASH_OPTCR_NWRP(sector) (1u << (16 + (sector)))
#define FLASH_IRQ 4u

#define PWR_CR1_DBP (1u << 8)
#define PWR_CSR1_VOSRDY (1u << 14)

#define RCC_CR_HSION (1u << 0)
#define RCC_CR_HSIRDY (1u << 1)
#define RCC_CR_CSSON (1u << 19)
#define RCC_CR_PLLI2SON (1u << 26)
#define RCC_CR_PLLI2SRDY (1u << 27)
#define RCC_CFGR_SW FIELD(3, 0)
#define RCC_CFGR_PPRE1 FIELD(7, 10)
#define RCC_CFGR_PPRE1_DIV16 FIELD(7, 10)
#define RCC_CIR REG32(0x4002380Cu)
#define RCC_CIR_HSERDYF (1u << 3)
#define RCC_CIR_PLLRDYF (1u << 4)
#define RCC_CIR_PLLSAIRDYF (1u << 6)
#define RCC_CIR_CSSF (1u << 7)
#define RCC_CIR_HSERDYIE (1u << 11)
#define RCC_CIR_PLLRDYIE (1u << 12)
#define RCC_CIR_PLLSAIRDYIE (1u << 14)
#define RCC_CIR_HSERDYC (1u << 19)
#define RCC_CIR_PLLRDYC (1u << 20)
#define RCC_CIR_PLLSAIRDYC (1u << 22)
#define RCC_CIR_CSSC (1u << 23)
#define RCC_AHB1RSTR REG32(0x40023810u)
#define RCC_AHB2RSTR REG32(0x40023814u)
#define RCC_APB1RSTR REG32(0x40023820u)
#define RCC_APB1RSTR_TIM2RST (1u << 0)
#define RCC_APB2RSTR REG32(0x40023824u)
#define RCC_AHB1ENR_CRCEN (1u << 12)
#define RCC_AHB1ENR_BKPSRAMEN (1u << 18)
#define RCC_AHB1ENR_DMA1EN (1u << 21)
#define RCC_AHB2ENR_RNGEN (1u << 6)
#define RCC_AHB3ENR_QSPIEN (1u << 1)
#define RCC_APB1ENR_TIM3EN (1u << 1)
#define RCC_APB1ENR_TIM4EN (1u << 2)
#define RCC_APB1ENR_TIM6EN (1u << 4)
#define RCC_APB1ENR_TIM12EN (1u << 6)
#define RCC_APB1ENR_LPTIM1EN (1u << 9)
#define RCC_APB1ENR_WWDGEN (1u << 11)
#define RCC_APB1ENR_SPI2EN (1u << 14)
#define RCC_APB1ENR_CAN1EN (1u << 25)
#define RCC_APB1ENR_DACEN (1u << 29)
#define RCC_APB1ENR_UART7EN (1u << 30)
#define RCC_APB2ENR_TIM1EN (1u << 0)
#define RCC_APB2ENR_TIM8EN (1u << 1)
#define RCC_APB2ENR_USART6EN (1u << 5)
#define RCC_APB2ENR_ADC1EN (1u << 8)
#define RCC_APB2ENR_ADC2EN (1u << 9)
#define RCC_APB2ENR_ADC3EN (1u << 10)
#define RCC_APB2ENR_SDMMC1EN (1u << 11)
#define RCC_APB2ENR_SYSCFGEN (1u << 14)
#define RCC_BDCR REG32(0x40023870u)
#define RCC_BDCR_LSEON (1u << 0)
#define RCC_BDCR_LSERDY (1u << 1)
#define RCC_BDCR_RTCSEL_LSE FIELD(1, 8)
#define RCC_BDCR_RTCSEL FIELD(3, 8)
#define RCC_BDCR_RTCEN (1u << 15)
#define RCC_BDCR_BDRST (1u << 16)
#define RCC_CSR REG32(0x40023874u)
#define RCC_CSR_LSION (1u << 0)
#define RCC_CSR_LSIRDY (1u << 1)
#define RCC_CSR_RMVF (1u << 24)
#define RCC_CSR_BORRSTF (1u << 25)
#define RCC_CSR_PINRSTF (1u << 26)
#define RCC_CSR_PORRSTF (1u << 27)
#define RCC_CSR_SFTRSTF (1u << 28)
#define RCC_CSR_IWDGRSTF (1u << 29)
#define RCC_CSR_WWDGRSTF (1u << 30)
#define RCC_CSR_CAUSES FIELD(0x7F, 25)
#define RCC_PLLI2SCFGR REG32(0x40023884u)
#define RCC_PLLSAICFGR_N(factor) FIELD(factor, 6)
#define RCC_PLLSAICFGR_P_DIV8 FIELD(3, 16)
#define RCC_PLLSAICFGR_Q(divisor) FIELD(divisor, 24)
#define RCC_PLLSAICFGR_R(divisor) FIELD(divisor, 28)
#define RCC_DCKCFGR1_PLLSAIDIVR_DIV4 FIELD(1, 16)
#define RCC_DCKCFGR1_TIMPRE (1u << 24)
#define RCC_DCKCFGR2_LPTIM1SEL FIELD(3, 24)
#define RCC_DCKCFGR2_LPTIM1SEL_LSI FIELD(1, 24)
#define RCC_DCKCFGR2_LPTIM1SEL_HSI FIELD(2, 24)
#define RCC_DCKCFGR2_LPTIM1SEL_LSE FIELD(3, 24)
#define RCC_DCKCFGR2_CK48MSEL (1u << 27)
#define RCC_IRQ 5u

/* Sets bits of an enable register; the read makes the clock run before the next access (section 5.2.12). */
static inline void clock_on(volatile uint32_t *enable, uint32_t bits) {
    *enable |= bits;
    (void)*enable;
}

#endif
