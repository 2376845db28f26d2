/* PWR, the enables of Sleep and EXTI's events beside what clocks.h and pins.h have: RM0385 sections 4.4, 5.3.14 to 5.3.18 and 11.9. */
#ifndef POWER_H
#define POWER_H

#include "pins.h"

#define PWR_CR1_LPDS (1u << 0)
#define PWR_CR1_PDDS (1u << 1)
#define PWR_CR1_CSBF (1u << 3)
#define PWR_CR1_FPDS (1u << 9)
#define PWR_CR1_LPUDS (1u << 10)
#define PWR_CR1_MRUDS (1u << 11)
#define PWR_CR1_UDEN FIELD(3, 18)
#define PWR_CSR1_WUIF (1u << 0)
#define PWR_CSR1_SBF (1u << 1)
#define PWR_CSR1_BRR (1u << 3)
#define PWR_CSR1_EIWUP (1u << 8)
#define PWR_CSR1_BRE (1u << 9)
#define PWR_CSR1_UDRDY FIELD(3, 18)
#define PWR_CR2 REG32(0x40007008u)
#define PWR_CR2_CWUPF_ALL 0x3Fu
#define PWR_CSR2 REG32(0x4000700Cu)
#define PWR_CSR2_WUPF6 (1u << 5)
#define PWR_CSR2_EWUP6 (1u << 13)

#define RCC_APB1LPENR REG32(0x40023860u)
#define RCC_APB1LPENR_TIM2LPEN (1u << 0)
#define RCC_CSR_LPWRRSTF (1u << 31)

#define EXTI_EMR REG32(0x40013C04u)
#define LPTIM1_EXTI 23u

#define BACKUP_SRAM(offset) REG32(0x40024000u + (offset))

#define SCR_SLEEPDEEP (1u << 2)
#define SCR_SEVONPEND (1u << 4)

static inline void wfe(void) { __asm volatile("wfe" ::: "memory"); }
static inline void sev(void) { __asm volatile("sev" ::: "memory"); }

#endif
