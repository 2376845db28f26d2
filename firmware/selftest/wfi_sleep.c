/* WFI: until SysTick, with PRIMASK set, with something already pending, and SLEEPONEXIT. */
#include "board.h"
#include "clock.h"
#include "core.h"
#include "selftest.h"

#define PERIOD 21600u

static volatile uint32_t ticks;
static volatile uint32_t last_of_handler;

void SysTick_Handler(void);

void SysTick_Handler(void) {
    ticks++;
    if (ticks == last_of_handler) {
        SCR &= ~SCR_SLEEPONEXIT;
    }
    dsb();
}

static void start(void) {
    SYST_CSR = 0;
    board_flush();
    SYST_RVR = PERIOD - 1u;
    SYST_CVR = 0;
    ticks = 0;
    SYST_CSR = SYST_CSR_CLKSOURCE | SYST_CSR_TICKINT | SYST_CSR_ENABLE;
}

static int near(uint32_t value, uint32_t wanted, uint32_t tolerance) {
    return value - (wanted - tolerance) <= 2 * tolerance;
}

static void sleeps_until_the_tick(void) {
    start();
    wfi();
    const uint32_t before = board_cycles();
    for (int i = 0; i < 10; i++) {
        wfi();
    }
    const uint32_t cycles = board_cycles() - before;
    printf("slept %lu\n", (unsigned long)cycles);
    claim_equal("each WFI ends by one tick", ticks, 11);
    claim("CYCCNT goes on while the core sleeps", near(cycles, 10 * PERIOD, 100));
}

static void sleeps_masked(void) {
    start();
    interrupts_off();
    const uint32_t before = board_cycles();
    wfi();
    const uint32_t cycles = board_cycles() - before, ticks_inside = ticks;
    interrupts_on();
    isb();
    claim("with PRIMASK set WFI ends by the pending tick", near(cycles, PERIOD, 200));
    claim_equal("but the handler does not run before PRIMASK is clear", ticks_inside, 0);
    claim_equal("and then it does", ticks, 1);
}

static void does_not_sleep_with_one_pending(void) {
    SYST_CSR = 0;
    ticks = 0;
    interrupts_off();
    ICSR = ICSR_PENDSTSET;
    dsb();
    const uint32_t before = board_cycles();
    wfi();
    const uint32_t cycles = board_cycles() - before;
    interrupts_on();
    isb();
    claim("with an interrupt pending WFI goes on at once", cycles < 200);
    claim_equal("and the interrupt is taken", ticks, 1);
}

static void sleeps_on_exit(void) {
    start();
    last_of_handler = 5;
    SCR |= SCR_SLEEPONEXIT;
    dsb();
    const uint32_t before = board_cycles();
    wfi();
    const uint32_t ticks_then = ticks, cycles = board_cycles() - before;
    SCR &= ~SCR_SLEEPONEXIT;
    claim_equal("SLEEPONEXIT stays asleep until the handler clears it", ticks_then, 5);
    claim("for five ticks", near(cycles, 5 * PERIOD, 300));
}

int main(void) {
    SCR = 0;
    sleeps_until_the_tick();
    sleeps_masked();
    does_not_sleep_with_one_pending();
    sleeps_on_exit();
    SYST_CSR = 0;
    return verdict();
}
