/* Armv7-M registers and instructions, in the words of the Armv7-M ARM (chapter B3). */
#ifndef CORE_H
#define CORE_H

#include <stdint.h>

#define REG32(address) (*(volatile uint32_t *)(address))

#define ACTLR REG32(0xE000E008u)

#define SYST_CSR REG32(0xE000E010u)
#define SYST_CSR_ENABLE (1u << 0)
#define SYST_CSR_TICKINT (1u << 1)
#define SYST_CSR_CLKSOURCE (1u << 2)
#define SYST_CSR_COUNTFLAG (1u << 16)
#define SYST_RVR REG32(0xE000E014u)
#define SYST_CVR REG32(0xE000E018u)

#define NVIC_ISER(n) REG32(0xE000E100u + 4u * (n))
#define NVIC_ICER(n) REG32(0xE000E180u + 4u * (n))
#define NVIC_ISPR(n) REG32(0xE000E200u + 4u * (n))
#define NVIC_ICPR(n) REG32(0xE000E280u + 4u * (n))
#define NVIC_IABR(n) REG32(0xE000E300u + 4u * (n))
#define NVIC_IPR(irq) (*(volatile uint8_t *)(0xE000E400u + (irq)))

#define ICSR REG32(0xE000ED04u)
#define ICSR_PENDSTCLR (1u << 25)
#define ICSR_PENDSTSET (1u << 26)
#define ICSR_PENDSVCLR (1u << 27)
#define ICSR_PENDSVSET (1u << 28)
#define ICSR_NMIPENDSET (1u << 31)
#define VTOR REG32(0xE000ED08u)
#define AIRCR REG32(0xE000ED0Cu)
#define AIRCR_VECTKEY (0x05FAu << 16)
#define SCR REG32(0xE000ED10u)
#define SCR_SLEEPONEXIT (1u << 1)
#define CCR REG32(0xE000ED14u)
#define CCR_UNALIGN_TRP (1u << 3)
#define CCR_DIV_0_TRP (1u << 4)
#define CCR_DC (1u << 16)
#define CCR_IC (1u << 17)
/* Exceptions 4..15. */
#define SHPR(exception) (*(volatile uint8_t *)(0xE000ED14u + (exception)))
#define SHCSR REG32(0xE000ED24u)
#define SHCSR_MEMFAULTENA (1u << 16)
#define SHCSR_BUSFAULTENA (1u << 17)
#define SHCSR_USGFAULTENA (1u << 18)
#define CFSR REG32(0xE000ED28u)
#define CFSR_IACCVIOL (1u << 0)
#define CFSR_DACCVIOL (1u << 1)
#define CFSR_MMARVALID (1u << 7)
#define CFSR_IBUSERR (1u << 8)
#define CFSR_PRECISERR (1u << 9)
#define CFSR_IMPRECISERR (1u << 10)
#define CFSR_BFARVALID (1u << 15)
#define CFSR_UNDEFINSTR (1u << 16)
#define CFSR_INVSTATE (1u << 17)
#define CFSR_INVPC (1u << 18)
#define CFSR_NOCP (1u << 19)
#define CFSR_UNALIGNED (1u << 24)
#define CFSR_DIVBYZERO (1u << 25)
#define HFSR REG32(0xE000ED2Cu)
#define HFSR_FORCED (1u << 30)
#define MMFAR REG32(0xE000ED34u)
#define BFAR REG32(0xE000ED38u)
#define CCSIDR REG32(0xE000ED80u)
#define CSSELR REG32(0xE000ED84u)
#define CPACR REG32(0xE000ED88u)
#define CPACR_CP10_CP11 (0xFu << 20)
#define DEMCR REG32(0xE000EDFCu)
#define DEMCR_TRCENA (1u << 24)
#define STIR REG32(0xE000EF00u)
#define FPCCR REG32(0xE000EF34u)
#define FPCCR_LSPACT (1u << 0)
#define FPCCR_LSPEN (1u << 30)
#define FPCCR_ASPEN (1u << 31)
#define FPCAR REG32(0xE000EF38u)
#define ICIALLU REG32(0xE000EF50u)
#define DCIMVAC REG32(0xE000EF5Cu)
#define DCISW REG32(0xE000EF60u)
#define DCCMVAU REG32(0xE000EF64u)
#define DCCMVAC REG32(0xE000EF68u)
#define DCCIMVAC REG32(0xE000EF70u)

#define DWT_CTRL REG32(0xE0001000u)
#define DWT_CTRL_CYCCNTENA (1u << 0)
#define DWT_CYCCNT REG32(0xE0001004u)
#define DWT_LAR REG32(0xE0001FB0u)
#define DWT_LAR_KEY 0xC5ACCE55u

static inline void dsb(void) { __asm volatile("dsb sy" ::: "memory"); }
static inline void isb(void) { __asm volatile("isb sy" ::: "memory"); }
static inline void wfi(void) { __asm volatile("wfi" ::: "memory"); }
static inline void interrupts_off(void) { __asm volatile("cpsid i" ::: "memory"); }
static inline void interrupts_on(void) { __asm volatile("cpsie i" ::: "memory"); }

static inline uint32_t primask(void) {
    uint32_t value;
    __asm volatile("mrs %0, primask" : "=r"(value));
    return value;
}

/* The number of the exception that runs, 0 in a thread. */
static inline uint32_t ipsr(void) {
    uint32_t value;
    __asm volatile("mrs %0, ipsr" : "=r"(value));
    return value;
}

static inline void enable_interrupt(unsigned irq) { NVIC_ISER(irq / 32u) = 1u << (irq % 32u); }
static inline void disable_interrupt(unsigned irq) { NVIC_ICER(irq / 32u) = 1u << (irq % 32u); }
static inline void pend_interrupt(unsigned irq) { NVIC_ISPR(irq / 32u) = 1u << (irq % 32u); }

#endif
