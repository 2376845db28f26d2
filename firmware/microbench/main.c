/* Runs every microbenchmark with one and with two times ITERATIONS, and prints the difference of their cycles.

   What a call costs beyond its iterations falls out of the difference; of RUNS runs the quickest counts, which has no misses of
   the caches. Interrupts are off while a loop is timed. */
#include <stdio.h>

#include "board.h"
#include "clock.h"
#include "microbench.h"
#include "registers.h"

#define ITERATIONS 120u
#define RUNS 4
#define MOST 512u
#define POINTERS 256u
#define RESET_ACTLR_DISBTACREAD (1u << 13)
#define CPUID REG32(0xE000ED00u)

static uint32_t results[MOST];

static void fill(void) {
    for (uint32_t i = 0; i < POINTERS; i++) {
        microbench_buffer[i] = (uint32_t)&microbench_buffer[16u * (i % 8u)];
        microbench_sram[i] = (uint32_t)&microbench_buffer[16u * (i % 8u)];
    }
}

static void clock_of_the_crystal(void) {
    RCC_CFGR &= ~FIELD(3, 0);
    RCC_CFGR |= RCC_CFGR_SW_HSE;
    while ((RCC_CFGR & RCC_CFGR_SWS) != RCC_CFGR_SWS_HSE) {
    }
    FLASH_ACR = FLASH_ACR & ~FLASH_ACR_LATENCY(15);
    while (FLASH_ACR & FLASH_ACR_LATENCY(15)) {
    }
}

static void clock_of_the_pll(void) {
    FLASH_ACR = (FLASH_ACR & ~FLASH_ACR_LATENCY(15)) | FLASH_ACR_LATENCY(7);
    while ((FLASH_ACR & FLASH_ACR_LATENCY(15)) != FLASH_ACR_LATENCY(7)) {
    }
    RCC_CFGR = (RCC_CFGR & ~FIELD(3, 0)) | RCC_CFGR_SW_PLL;
    while ((RCC_CFGR & RCC_CFGR_SWS) != RCC_CFGR_SWS_PLL) {
    }
}

static void accelerate(uint32_t bits) {
    const uint32_t acr = FLASH_ACR & ~(FLASH_ACR_ARTEN | FLASH_ACR_PRFTEN);
    FLASH_ACR = acr;
    FLASH_ACR = acr | FLASH_ACR_ARTRST;
    FLASH_ACR = acr | bits;
}

static void enter(uint32_t modes) {
    interrupts_off();
    if (modes & ITCM_FLASH) {
        accelerate((modes & ART ? FLASH_ACR_ARTEN : 0u) | (modes & PREFETCH ? FLASH_ACR_PRFTEN : 0u));
    }
    if (modes & SLOW) {
        clock_of_the_crystal();
    }
    if (modes & NO_BTAC) {
        ACTLR |= RESET_ACTLR_DISBTACREAD;
    }
    if (modes & NO_ICACHE) {
        CCR &= ~CCR_IC;
    }
    dsb();
    isb();
}

static void leave(uint32_t modes) {
    if (modes & ITCM_FLASH) {
        accelerate(FLASH_ACR_ARTEN | FLASH_ACR_PRFTEN);
    }
    if (modes & NO_ICACHE) {
        ICIALLU = 0;
        dsb();
        isb();
        CCR |= CCR_IC;
    }
    if (modes & NO_BTAC) {
        ACTLR &= ~RESET_ACTLR_DISBTACREAD;
    }
    dsb();
    isb();
    if (modes & SLOW) {
        clock_of_the_pll();
    }
    interrupts_on();
}

/* In the ITCM, so that only the loop itself is in the instruction cache while it is timed. */
__attribute__((noinline, long_call, section(".itcm_text"))) static uint32_t timed(Loop loop, uint32_t iterations) {
    dsb();
    isb();
    const uint32_t before = DWT_CYCCNT;
    loop(iterations);
    return DWT_CYCCNT - before;
}

static uint32_t least(uint32_t one, uint32_t other) {
    return one < other ? one : other;
}

static uint32_t measured(const Microbenchmark *which) {
    uint32_t once = UINT32_MAX, twice = UINT32_MAX;
    fill();
    enter(which->modes);
    for (int run = 0; run < RUNS; run++) {
        once = least(once, timed(which->loop, ITERATIONS));
        twice = least(twice, timed(which->loop, 2u * ITERATIONS));
    }
    leave(which->modes);
    return twice - once;
}

int main(void) {
    const uint32_t count = microbenchmark_count < MOST ? microbenchmark_count : MOST;
    board_flush();
    for (uint32_t i = 0; i < count; i++) {
        results[i] = measured(&microbenchmarks[i]);
    }
    printf("microbench 1 cpuid 0x%08lx hz %lu iterations %lu\n", (unsigned long)CPUID, (unsigned long)CORE_HZ,
           (unsigned long)ITERATIONS);
    for (uint32_t i = 0; i < count; i++) {
        printf("%s %lu\n", microbenchmarks[i].name, (unsigned long)results[i]);
    }
    printf("end %lu\n", (unsigned long)count);
    return 0;
}
