/* WWDG and IWDG: the early interrupt, refreshes, and four resets (out of time, out of the window, by each), each with its cause in
   RCC_CSR and the time that it took. A step a reset; what is to be told of it outlives the reset. */
#include "check.h"
#include "retained.h"
#include "timers.h"

enum step { FIRST = 0x5746D060, WWDG_EXPIRED, WWDG_TOO_SOON, IWDG_EXPIRED, IWDG_TOO_SOON, BY_SOFTWARE };
enum { STEP, CYCLES, NOTE, FAILURES };

/* Section 28.4: PCLK1 / 4096 / 2^WDGTB. */
#define WWDG_COUNT (4096u * 2u * (CORE_HZ / APB1_HZ))
#define WWDG_BITE 0x3Fu
#define AIRCR_SYSRESETREQ (1u << 2)

void WWDG_IRQHandler(void);

void WWDG_IRQHandler(void) {
    WWDG_SR = 0;
    RETAINED[NOTE]++;
    dsb();
}

/* Until the dog bites; the last look at the cycle counter is the time that it took. */
static void wait_for_the_bite(uint32_t start) {
    SYST_CSR = 0;
    const uint32_t begun = board_cycles();
    while (board_cycles() - begun < CORE_HZ / 5u) {
        RETAINED[CYCLES] = board_cycles() - start;
    }
}

static void reset_with_step(enum step next) {
    board_flush();
    RETAINED[STEP] = next;
    RETAINED[CYCLES] = RETAINED[NOTE] = 0;
    RETAINED[FAILURES] = (uint32_t)check_verdict();
}

static uint32_t cause(void) {
    const uint32_t causes = RCC_CSR & RCC_CSR_CAUSES;
    RCC_CSR |= RCC_CSR_RMVF;
    return causes;
}

static void wwdg_start(uint32_t window, uint32_t count) {
    clock_on(&RCC_APB1ENR, RCC_APB1ENR_WWDGEN);
    enable_interrupt(WWDG_IRQ);
    WWDG_CFR = WWDG_CFR_EWI | WWDG_CFR_WDGTB_2 | window;
    WWDG_CR = WWDG_CR_WDGA | count;
}

/* Refreshed three times, each half-way down to 0x40, then no more. */
static void wwdg_expires(void) {
    reset_with_step(WWDG_EXPIRED);
    wwdg_start(0x7F, WWDG_BITE + 8u);
    uint32_t start = board_cycles();
    for (int i = 0; i < 3; i++) {
        wait_cycles(4u * WWDG_COUNT);
        WWDG_CR = WWDG_BITE + 8u;
        start = board_cycles();
    }
    wait_for_the_bite(start);
}

static void wwdg_expired(void) {
    CHECK("wwdg_is_the_cause", cause(), RCC_CSR_WWDGRSTF | RCC_CSR_PINRSTF);
    CHECK_WITHIN("it_bites_after_eight_counts", RETAINED[CYCLES], 7u * WWDG_COUNT, 8u * WWDG_COUNT + LOOK);
    CHECK("its_early_interrupt_came_once", RETAINED[NOTE], 1);
    reset_with_step(WWDG_TOO_SOON);
    wwdg_start(0x50, 0x7F);
    const uint32_t start = board_cycles();
    wait_cycles(WWDG_COUNT);
    RETAINED[CYCLES] = board_cycles() - start;
    WWDG_CR = 0x7F;
    wait_for_the_bite(start - WWDG_COUNT);
}

/* The write itself bites: 28.3.4. */
static void wwdg_too_soon(void) {
    CHECK("a_refresh_above_the_window_resets", cause(), RCC_CSR_WWDGRSTF | RCC_CSR_PINRSTF);
    CHECK_WITHIN("at_once", RETAINED[CYCLES], WWDG_COUNT, 2u * WWDG_COUNT + 2u * LOOK);
    reset_with_step(IWDG_EXPIRED);
    IWDG_RLR = 1;
    RETAINED[NOTE] = IWDG_RLR;
    IWDG_KR = IWDG_KR_START;
    IWDG_KR = IWDG_KR_UNLOCK;
    IWDG_PR = 0;
    IWDG_RLR = 19;
    CYCLES_UNTIL(IWDG_SR == 0, 10000);
    IWDG_KR = IWDG_KR_REFRESH;
    wait_microseconds(1500);
    IWDG_KR = IWDG_KR_REFRESH;
    wait_for_the_bite(board_cycles());
}

static uint32_t lsi(uint32_t counts, uint32_t hz) {
    return (uint32_t)((uint64_t)counts * CORE_HZ / hz);
}

/* DS10916, LSI oscillator: 17 to 47 kHz. */
static void iwdg_expired(void) {
    CHECK("iwdg_is_the_cause", cause(), RCC_CSR_IWDGRSTF | RCC_CSR_PINRSTF);
    CHECK("rlr_is_locked_without_its_key", RETAINED[NOTE], 0xFFF);
    CHECK_WITHIN("it_bites_after_twenty_counts_of_the_lsi_by_4", RETAINED[CYCLES], lsi(19u * 4u, 47000), lsi(20u * 4u, 17000));
    reset_with_step(IWDG_TOO_SOON);
    IWDG_KR = IWDG_KR_START;
    IWDG_KR = IWDG_KR_UNLOCK;
    IWDG_PR = 0;
    IWDG_RLR = 799;
    IWDG_WINR = 400;
    CYCLES_UNTIL(IWDG_SR == 0, 10000);
    wait_microseconds(500);
    const uint32_t start = board_cycles();
    IWDG_KR = IWDG_KR_REFRESH;
    wait_for_the_bite(start);
}

static void iwdg_too_soon(void) {
    CHECK("a_refresh_above_its_window_resets", cause(), RCC_CSR_IWDGRSTF | RCC_CSR_PINRSTF);
    /* Within the KR write's way into the LSI's domain. */
    CHECK_WITHIN("within_a_few_of_its_periods", RETAINED[CYCLES], 0, lsi(6, 17000));
    reset_with_step(BY_SOFTWARE);
    AIRCR = AIRCR_VECTKEY | AIRCR_SYSRESETREQ;
    wait_for_the_bite(board_cycles());
}

int main(void) {
    check_resume(RETAINED[STEP] == FIRST || RETAINED[STEP] - FIRST > BY_SOFTWARE - FIRST ? 0 : RETAINED[FAILURES]);
    switch (RETAINED[STEP]) {
    case WWDG_EXPIRED:
        wwdg_expired();
        break;
    case WWDG_TOO_SOON:
        wwdg_too_soon();
        break;
    case IWDG_EXPIRED:
        iwdg_expired();
        break;
    case IWDG_TOO_SOON:
        iwdg_too_soon();
        break;
    case BY_SOFTWARE:
        CHECK("a_software_reset_says_so", cause(), RCC_CSR_SFTRSTF | RCC_CSR_PINRSTF);
        RETAINED[STEP] = FIRST;
        return check_verdict();
    default:
        RCC_CSR |= RCC_CSR_RMVF;
        wwdg_expires();
    }
    check_equal("every_dog_bites", 0, 1);
    return check_verdict();
}
