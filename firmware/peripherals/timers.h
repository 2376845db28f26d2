/* TIM, LPTIM, IWDG, WWDG and RTC beside what the board's registers.h has: RM0385 sections 22.4 to 29.6. */
#ifndef TIMERS_H
#define TIMERS_H

#include "clocks.h"

#define TIM3 0x40000400u
#define TIM4 0x40000800u
#define TIM6 0x40001000u
#define TIM12 0x40001800u
#define TIM1 0x40010000u
#define TIM8 0x40010400u
#define TIM_CR1_UDIS (1u << 1)
#define TIM_CR1_URS (1u << 2)
#define TIM_CR1_OPM (1u << 3)
#define TIM_CR1_DIR (1u << 4)
#define TIM_CR1_ARPE (1u << 7)
#define TIM_CR1_CKD_4 FIELD(2, 8)
#define TIM_CR2(timer) REG32((timer) + 0x04u)
#define TIM_CR2_MMS_ENABLE FIELD(1, 4)
#define TIM_CR2_MMS_UPDATE FIELD(2, 4)
#define TIM_SMCR(timer) REG32((timer) + 0x08u)
#define TIM_SMCR_SMS_RESET FIELD(4, 0)
#define TIM_SMCR_SMS_GATED FIELD(5, 0)
#define TIM_SMCR_SMS_TRIGGER FIELD(6, 0)
#define TIM_SMCR_SMS_CLOCK FIELD(7, 0)
#define TIM_SMCR_TS(trigger) FIELD(trigger, 4)
#define TIM_SMCR_ETPS(log2) FIELD(log2, 12)
#define TIM_SMCR_ECE (1u << 14)
#define TIM_DIER_BIE (1u << 7)
#define TIM_DIER_UDE (1u << 8)
#define TIM_SR_CC4IF (1u << 4)
#define TIM_SR_TIF (1u << 6)
#define TIM_SR_BIF (1u << 7)
#define TIM_SR_CC1OF (1u << 9)
#define TIM_EGR_CC1G (1u << 1)
#define TIM_CCMR1(timer) REG32((timer) + 0x18u)
#define TIM_CCMR1_CC1S_TI1 FIELD(1, 0)
#define TIM_CCMR1_IC1PSC(log2) FIELD(log2, 2)
#define TIM_CCMR1_IC1F(filter) FIELD(filter, 4)
#define TIM_CCMR1_CC2S_TI1 FIELD(2, 8)
#define TIM_CCMR1_OC1PE (1u << 3)
#define TIM_CCMR1_OC1M_TOGGLE FIELD(3, 4)
#define TIM_CCMR1_OC1M_PWM1 FIELD(6, 4)
#define TIM_CCMR1_OC1M_PWM2 FIELD(7, 4)
#define TIM_CCMR2(timer) REG32((timer) + 0x1Cu)
#define TIM_CCMR2_CC4S_TI4 FIELD(1, 8)
#define TIM_CCMR2_IC4PSC(log2) FIELD(log2, 10)
#define TIM_CCER(timer) REG32((timer) + 0x20u)
#define TIM_CCER_CC1E (1u << 0)
#define TIM_CCER_CC1P (1u << 1)
#define TIM_CCER_CC1NP (1u << 3)
#define TIM_CCER_CC2E (1u << 4)
#define TIM_CCER_CC2P (1u << 5)
#define TIM_CCER_CC4E (1u << 12)
#define TIM_CCR2(timer) REG32((timer) + 0x38u)
#define TIM_RCR(timer) REG32((timer) + 0x30u)
#define TIM_CCR4(timer) REG32((timer) + 0x40u)
#define TIM5_OR REG32(0x40000C50u)
#define TIM5_OR_TI4_LSI FIELD(1, 6)
#define TIM_BDTR(timer) REG32((timer) + 0x44u)
#define TIM_BDTR_BKE (1u << 12)
#define TIM_BDTR_BKP (1u << 13)
#define TIM_BDTR_MOE (1u << 15)
#define TIM1_BRK_IRQ 24u
#define TIM3_IRQ 29u

#define LPTIM1_ISR REG32(0x40002400u)
#define LPTIM_ISR_CMPM (1u << 0)
#define LPTIM_ISR_ARRM (1u << 1)
#define LPTIM_ISR_CMPOK (1u << 3)
#define LPTIM_ISR_ARROK (1u << 4)
#define LPTIM1_ICR REG32(0x40002404u)
#define LPTIM1_IER REG32(0x40002408u)
#define LPTIM1_CFGR REG32(0x4000240Cu)
#define LPTIM_CFGR_PRESC(log2) FIELD(log2, 9)
#define LPTIM1_CR REG32(0x40002410u)
#define LPTIM_CR_ENABLE (1u << 0)
#define LPTIM_CR_SNGSTRT (1u << 1)
#define LPTIM_CR_CNTSTRT (1u << 2)
#define LPTIM1_CMP REG32(0x40002414u)
#define LPTIM1_ARR REG32(0x40002418u)
#define LPTIM1_CNT REG32(0x4000241Cu)
#define LPTIM1_IRQ 93u

#define WWDG_CR REG32(0x40002C00u)
#define WWDG_CR_WDGA (1u << 7)
#define WWDG_CFR REG32(0x40002C04u)
#define WWDG_CFR_WDGTB_2 FIELD(1, 7)
#define WWDG_CFR_EWI (1u << 9)
#define WWDG_SR REG32(0x40002C08u)
#define WWDG_IRQ 0u

#define IWDG_KR REG32(0x40003000u)
#define IWDG_KR_START 0xCCCCu
#define IWDG_KR_UNLOCK 0x5555u
#define IWDG_KR_REFRESH 0xAAAAu
#define IWDG_PR REG32(0x40003004u)
#define IWDG_RLR REG32(0x40003008u)
#define IWDG_SR REG32(0x4000300Cu)
#define IWDG_WINR REG32(0x40003010u)

#define RTC_TR REG32(0x40002800u)
#define RTC_DR REG32(0x40002804u)
#define RTC_CR REG32(0x40002808u)
#define RTC_CR_WUCKSEL FIELD(7, 0)
#define RTC_CR_WUCKSEL_SECOND FIELD(4, 0)
#define RTC_CR_BYPSHAD (1u << 5)
#define RTC_CR_ALRAE (1u << 8)
#define RTC_CR_WUTE (1u << 10)
#define RTC_CR_ALRAIE (1u << 12)
#define RTC_CR_WUTIE (1u << 14)
#define RTC_ISR REG32(0x4000280Cu)
#define RTC_ISR_ALRAWF (1u << 0)
#define RTC_ISR_WUTWF (1u << 2)
#define RTC_ISR_INITS (1u << 4)
#define RTC_ISR_RSF (1u << 5)
#define RTC_ISR_INITF (1u << 6)
#define RTC_ISR_INIT (1u << 7)
#define RTC_ISR_ALRAF (1u << 8)
#define RTC_ISR_WUTF (1u << 10)
#define RTC_PRER REG32(0x40002810u)
#define RTC_WUTR REG32(0x40002814u)
#define RTC_ALRMAR REG32(0x4000281Cu)
#define RTC_ALRMAR_MSK4 (1u << 31)
#define RTC_WPR REG32(0x40002824u)
#define RTC_SSR REG32(0x40002828u)
#define RTC_BKPR(n) REG32(0x40002850u + 4u * (n))
#define RTC_ALARM_IRQ 41u
#define RTC_WKUP_IRQ 3u

#endif
