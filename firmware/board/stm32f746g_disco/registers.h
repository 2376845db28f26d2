/* STM32F746 registers that our firmware uses: RM0385. */
#ifndef REGISTERS_H
#define REGISTERS_H

#include "core.h"

#define FIELD(value, position) ((uint32_t)(value) << (position))

/* Section 3.7 */
#define FLASH_ACR REG32(0x40023C00u)
#define FLASH_ACR_LATENCY(states) FIELD(states, 0)
#define FLASH_ACR_PRFTEN (1u << 8)
#define FLASH_ACR_ARTEN (1u << 9)
#define FLASH_ACR_ARTRST (1u << 11)

/* Section 4.4 */
#define PWR_CR1 REG32(0x40007000u)
#define PWR_CR1_VOS_SCALE1 FIELD(3, 14)
#define PWR_CR1_ODEN (1u << 16)
#define PWR_CR1_ODSWEN (1u << 17)
#define PWR_CSR1 REG32(0x40007004u)
#define PWR_CSR1_ODRDY (1u << 16)
#define PWR_CSR1_ODSWRDY (1u << 17)

/* Section 5.3 */
#define RCC_CR REG32(0x40023800u)
#define RCC_CR_HSEON (1u << 16)
#define RCC_CR_HSERDY (1u << 17)
#define RCC_CR_PLLON (1u << 24)
#define RCC_CR_PLLRDY (1u << 25)
#define RCC_PLLCFGR REG32(0x40023804u)
#define RCC_PLLCFGR_PLLSRC_HSE (1u << 22)
#define RCC_CFGR REG32(0x40023808u)
#define RCC_CFGR_SW_HSE 1u
#define RCC_CFGR_SW_PLL 2u
#define RCC_CFGR_SWS FIELD(3, 2)
#define RCC_CFGR_SWS_HSE FIELD(1, 2)
#define RCC_CFGR_SWS_PLL FIELD(2, 2)
#define RCC_CFGR_PPRE1_DIV4 FIELD(5, 10)
#define RCC_CFGR_PPRE2_DIV2 FIELD(4, 13)
#define RCC_AHB1ENR REG32(0x40023830u)
#define RCC_AHB1ENR_GPIOAEN (1u << 0)
#define RCC_AHB1ENR_GPIOBEN (1u << 1)
#define RCC_APB1ENR REG32(0x40023840u)
#define RCC_APB1ENR_TIM2EN (1u << 0)
#define RCC_APB1ENR_TIM5EN (1u << 3)
#define RCC_APB1ENR_PWREN (1u << 28)
#define RCC_APB2ENR REG32(0x40023844u)
#define RCC_APB2ENR_USART1EN (1u << 4)

/* Section 6.4 */
#define GPIOA 0x40020000u
#define GPIOB 0x40020400u
#define GPIO_MODER(port) REG32((port) + 0x00u)
#define GPIO_OSPEEDR(port) REG32((port) + 0x08u)
#define GPIO_PUPDR(port) REG32((port) + 0x0Cu)
#define GPIO_AFR(port, pin) REG32((port) + 0x20u + 4u * ((pin) / 8u))

/* Section 23.4 */
#define TIM2 0x40000000u
#define TIM5 0x40000C00u
#define TIM_CR1(timer) REG32((timer) + 0x00u)
#define TIM_CR1_CEN (1u << 0)
#define TIM_DIER(timer) REG32((timer) + 0x0Cu)
#define TIM_DIER_UIE (1u << 0)
#define TIM_DIER_CC1IE (1u << 1)
#define TIM_SR(timer) REG32((timer) + 0x10u)
#define TIM_SR_UIF (1u << 0)
#define TIM_SR_CC1IF (1u << 1)
#define TIM_EGR(timer) REG32((timer) + 0x14u)
#define TIM_EGR_UG (1u << 0)
#define TIM_CNT(timer) REG32((timer) + 0x24u)
#define TIM_PSC(timer) REG32((timer) + 0x28u)
#define TIM_ARR(timer) REG32((timer) + 0x2Cu)
#define TIM_CCR1(timer) REG32((timer) + 0x34u)
#define TIM2_IRQ 28u
#define TIM5_IRQ 50u

/* Section 31.8 */
#define USART1_CR1 REG32(0x40011000u)
#define USART_CR1_UE (1u << 0)
#define USART_CR1_RE (1u << 2)
#define USART_CR1_TE (1u << 3)
#define USART_CR1_RXNEIE (1u << 5)
#define USART_CR1_TCIE (1u << 6)
#define USART_CR1_TXEIE (1u << 7)
#define USART1_BRR REG32(0x4001100Cu)
#define USART1_ISR REG32(0x4001101Cu)
#define USART_ISR_ORE (1u << 3)
#define USART_ISR_RXNE (1u << 5)
#define USART_ISR_TC (1u << 6)
#define USART_ISR_TXE (1u << 7)
#define USART_ISR_TEACK (1u << 21)
#define USART_ISR_REACK (1u << 22)
#define USART1_ICR REG32(0x40011020u)
#define USART_ICR_ORECF (1u << 3)
#define USART1_RDR REG32(0x40011024u)
#define USART1_TDR REG32(0x40011028u)
#define USART1_IRQ 37u

#endif
