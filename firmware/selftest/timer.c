/* TIM2 and TIM5: the update interrupt's period in cycles, the prescaler, the compare interrupt, UG, a masked interrupt. */
#include "board.h"
#include "clock.h"
#include "registers.h"
#include "selftest.h"

#define RECORDED 6u
#define TIMER_CYCLES (CORE_HZ / APB1_TIMER_HZ)

static volatile uint32_t stamps[RECORDED];
static volatile uint32_t updates, compares;

void TIM2_IRQHandler(void);
void TIM5_IRQHandler(void);

static void note_update(uint32_t timer) {
    const uint32_t now = board_cycles();
    TIM_SR(timer) = ~TIM_SR_UIF;
    if (updates < RECORDED) {
        stamps[updates] = now;
    }
    updates++;
}

void TIM2_IRQHandler(void) {
    note_update(TIM2);
    dsb();
}

void TIM5_IRQHandler(void) {
    if (TIM_DIER(TIM5) & TIM_DIER_UIE) {
        note_update(TIM5);
    } else if (TIM_SR(TIM5) & TIM_SR_CC1IF) {
        TIM_SR(TIM5) = ~TIM_SR_CC1IF;
        compares++;
    }
    dsb();
}

static int near(uint32_t value, uint32_t wanted, uint32_t tolerance) {
    return value - (wanted - tolerance) <= 2 * tolerance;
}

static void run(uint32_t timer, uint32_t prescaler, uint32_t reload) {
    TIM_CR1(timer) = 0;
    TIM_PSC(timer) = prescaler;
    TIM_ARR(timer) = reload;
    TIM_CNT(timer) = 0;
    TIM_EGR(timer) = TIM_EGR_UG;
    TIM_SR(timer) = 0;
    TIM_CR1(timer) = TIM_CR1_CEN;
}

static void updates_keep_their_period(uint32_t timer, uint32_t prescaler, uint32_t reload, const char *name) {
    const uint32_t period = TIMER_CYCLES * (prescaler + 1u) * (reload + 1u);
    char text[64];
    board_flush();
    updates = 0;
    TIM_DIER(timer) = 0;
    run(timer, prescaler, reload);
    TIM_DIER(timer) = TIM_DIER_UIE;
    while (updates < RECORDED) {
    }
    TIM_CR1(timer) = 0;
    TIM_DIER(timer) = 0;
    int all = 1;
    for (uint32_t i = 1; i < RECORDED; i++) {
        all &= near(stamps[i] - stamps[i - 1], period, 64);
    }
    snprintf(text, sizeof text, "%s: each period is (PSC + 1) (ARR + 1) timer clocks", name);
    claim(text, all);
    const uint32_t warm = stamps[RECORDED - 1] - stamps[1];
    printf("%s: four periods %lu wanted %lu\n", name, (unsigned long)warm, (unsigned long)(4 * period));
    snprintf(text, sizeof text, "%s: four periods do not drift", name);
    claim(text, near(warm, 4 * period, 64));
}

static void counts_32_bits(void) {
    board_flush();
    run(TIM5, 0, 0xFFFFFFFFu);
    TIM_CNT(TIM5) = 0xFFFFFF00u;
    const uint32_t cycles = board_cycles(), before = TIM_CNT(TIM5);
    while (TIM_CNT(TIM5) >= 0xFFFFFF00u) {
    }
    const uint32_t gone = TIM_CNT(TIM5) - before, cycles_gone = board_cycles() - cycles;
    claim("TIM5 wraps at 32 bits and counts every second cycle", near(TIMER_CYCLES * gone, cycles_gone, 64));
}

static void compares_once(void) {
    compares = 0;
    run(TIM5, 0, 0xFFFFFFFFu);
    TIM_CCR1(TIM5) = 1000;
    TIM_SR(TIM5) = 0;
    TIM_DIER(TIM5) = TIM_DIER_CC1IE;
    while (TIM_CNT(TIM5) < 900) {
    }
    const uint32_t early = compares;
    while (TIM_CNT(TIM5) < 1200) {
    }
    TIM_DIER(TIM5) = 0;
    claim_equal("the compare interrupt does not come before its count", early, 0);
    claim_equal("and comes once", compares, 1);
}

static void loads_the_prescaler_by_ug(void) {
    run(TIM5, 0, 0xFFFFFFFFu);
    TIM_PSC(TIM5) = 107;
    const uint32_t cycles = board_cycles(), before = TIM_CNT(TIM5);
    for (volatile int i = 0; i < 200; i++) {
    }
    const uint32_t fast = TIM_CNT(TIM5) - before, cycles_gone = board_cycles() - cycles;
    claim("a new prescaler waits for the update", near(TIMER_CYCLES * fast, cycles_gone, 64));
    TIM_EGR(TIM5) = TIM_EGR_UG;
    const uint32_t start = board_cycles();
    while (TIM_CNT(TIM5) < 10) {
    }
    claim("UG loads it and starts from 0: ten counts are 10 us", near(board_cycles() - start, CORE_HZ / 100000u, 64));
}

static void stays_pending_while_disabled(void) {
    board_flush();
    updates = 0;
    disable_interrupt(TIM2_IRQ);
    TIM_DIER(TIM2) = 0;
    run(TIM2, 0, 99);
    TIM_DIER(TIM2) = TIM_DIER_UIE;
    while ((NVIC_ISPR(TIM2_IRQ / 32u) >> TIM2_IRQ % 32u & 1u) == 0) {
    }
    TIM_CR1(TIM2) = 0;
    const uint32_t before = updates;
    enable_interrupt(TIM2_IRQ);
    dsb();
    isb();
    claim("a disabled interrupt stays pending", before == 0);
    claim_equal("and comes when it is enabled", updates, 1);
}

int main(void) {
    RCC_APB1ENR |= RCC_APB1ENR_TIM2EN | RCC_APB1ENR_TIM5EN;
    (void)RCC_APB1ENR;
    enable_interrupt(TIM2_IRQ);
    enable_interrupt(TIM5_IRQ);
    SYST_CSR = 0;
    updates_keep_their_period(TIM2, 0, 4999, "TIM2");
    updates_keep_their_period(TIM2, 107, 9, "TIM2 with a prescaler");
    updates_keep_their_period(TIM5, 0, 4999, "TIM5");
    updates_keep_their_period(TIM5, 107, 9, "TIM5 with a prescaler");
    counts_32_bits();
    compares_once();
    loads_the_prescaler_by_ug();
    stays_pending_while_disabled();
    return verdict();
}
