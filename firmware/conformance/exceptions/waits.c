/* SysTick without its exact cycles, WFI, WFE, SEV, NMI by ICSR. Armv7-M ARM B1.5.17 to B1.5.19, B3.3.
   Waits are bounded by SysTick, whose handler counts. */
#include "harness.h"

#define SEVONPEND (1u << 4)
#define NEAR 20000u

static volatile uint32_t ticks;

static void count(Frame *frame) {
    (void)frame;
    ticks++;
}

static void stop(void) {
    SYST_CSR = 0;
    ICSR = ICSR_PENDSTCLR;
    settle();
}

static void clean(void) {
    stop();
    fresh();
    ticks = 0;
    actions[SYS_TICK] = count;
}

static void start(uint32_t reload, uint32_t control) {
    SYST_RVR = reload;
    SYST_CVR = 0;
    SYST_CSR = SYST_CSR_CLKSOURCE | SYST_CSR_ENABLE | control;
}

static void systick(void) {
    clean();
    SYST_RVR = 0xFF123456;
    word("RVR keeps 24 bits", SYST_RVR, 0x00123456);
    SYST_CVR = 0x55;
    word("a write to CVR clears it", SYST_CVR, 0);
    start(NEAR, 0);
    while (!(SYST_CSR & SYST_CSR_COUNTFLAG)) {
    }
    word("COUNTFLAG is cleared by a read", SYST_CSR, SYST_CSR_CLKSOURCE | SYST_CSR_ENABLE);
    word("without TICKINT nothing waits", ICSR & ICSR_PENDSTSET, 0);
    const uint32_t first = SYST_CVR, second = SYST_CVR;
    word("CVR counts down from RVR", first <= NEAR && second < first, 1);
    while (!(SYST_CSR & SYST_CSR_COUNTFLAG)) {
    }
    while (SYST_CVR > 100) {
    }
    while (SYST_CVR <= 100) {
    }
    SYST_CVR = 0;
    word("a write to CVR clears COUNTFLAG", SYST_CSR & SYST_CSR_COUNTFLAG, 0);
    stop();

    interrupts_off();
    start(NEAR, SYST_CSR_TICKINT);
    while (!(SYST_CSR & SYST_CSR_COUNTFLAG)) {
    }
    settle();
    word("with TICKINT it waits under PRIMASK", ICSR & (ICSR_PENDSTSET | 0x1FF000), ICSR_PENDSTSET | SYS_TICK << 12);
    SYST_CSR = 0;
    word("and goes on waiting when it is stopped", ICSR & ICSR_PENDSTSET, ICSR_PENDSTSET);
    ICSR = ICSR_PENDSTCLR;
    settle();
    word("until PENDSTCLR", ICSR & ICSR_PENDSTSET, 0);
    interrupts_on();
    settle();
    word("then it never comes", ticks, 0);

    clean();
    start(NEAR, SYST_CSR_TICKINT);
    while (ticks < 3) {
    }
    stop();
    word("three ticks", ticks, 3);
    word("their exception", entries[2].number, SYS_TICK);
    word("their SHCSR", entries[2].shcsr & 0xFFF, 1u << 11);
    word("their ICSR.VECTACTIVE", entries[2].icsr & 0x1FF, SYS_TICK);

    clean();
    ICSR = ICSR_PENDSTSET;
    settle();
    word("PENDSTSET without a running counter", ticks, 1);
    clean();
    start(NEAR, 0);
    SYST_RVR = 0;
    while ((SYST_CSR & SYST_CSR_COUNTFLAG) == 0) {
    }
    for (volatile uint32_t i = 0; i < 1000; i++) {
    }
    word("with RVR 0 it stops at zero", SYST_CVR, 0);
    word("and counts no more", SYST_CSR & SYST_CSR_COUNTFLAG, 0);
    stop();
}

static void wait_for_interrupt(void) {
    clean();
    interrupts_off();
    pend_interrupt(IRQ(1));
    settle();
    wfi();
    word("WFI with an interrupt waiting under PRIMASK goes on", taken, 0);
    interrupts_on();
    settle();
    word("and the interrupt comes later", taken, 1);
    clean();
    start(NEAR, SYST_CSR_TICKINT);
    wfi();
    word("WFI ends by the tick, which is taken before it goes on", ticks, 1);
    stop();
    clean();
    interrupts_off();
    start(NEAR, SYST_CSR_TICKINT);
    wfi();
    settle();
    word("WFI under PRIMASK ends by the tick", ICSR & ICSR_PENDSTSET, ICSR_PENDSTSET);
    word("which is not taken", ticks, 0);
    stop();
    interrupts_on();
    clean();
    NVIC_IPR(IRQ(1)) = 0x80;
    set_basepri(0x80);
    pend_interrupt(IRQ(1));
    settle();
    start(NEAR, SYST_CSR_TICKINT);
    wfi();
    const uint32_t then = ticks;
    stop();
    word("an interrupt under BASEPRI does not end WFI, the tick does", then, 1);
    set_basepri(0);
    settle();
    word("it comes when BASEPRI lets it", entries[1].number, OF_IRQ(1));
    clean();
    disable_interrupt(IRQ(1));
    pend_interrupt(IRQ(1));
    settle();
    start(NEAR, SYST_CSR_TICKINT);
    wfi();
    const uint32_t disabled = ticks;
    stop();
    word("a disabled interrupt does not end WFI, the tick does", disabled, 1);
}

static void sev(void) { __asm volatile("sev" ::: "memory"); }
static void wfe(void) { __asm volatile("wfe" ::: "memory"); }

/* The event register is clear behind it. */
static void clear_event(void) {
    sev();
    wfe();
}

static uint32_t ticks_of_wait(void) {
    wfe();
    const uint32_t seen = ticks;
    stop();
    return seen;
}

static void wait_for_event(void) {
    clean();
    clear_event();
    start(NEAR, SYST_CSR_TICKINT);
    sev();
    word("WFE behind SEV goes on at once", ticks_of_wait(), 0);
    clean();
    clear_event();
    start(NEAR, SYST_CSR_TICKINT);
    word("WFE without an event waits for the tick", ticks_of_wait(), 1);
    clean();
    pend_interrupt(IRQ(1));
    settle();
    start(NEAR, SYST_CSR_TICKINT);
    word("an exception's return is an event", ticks_of_wait(), 0);
    clean();
    disable_interrupt(IRQ(1));
    clear_event();
    pend_interrupt(IRQ(1));
    settle();
    start(NEAR, SYST_CSR_TICKINT);
    word("a disabled interrupt that begins to wait is none", ticks_of_wait(), 1);
    clean();
    disable_interrupt(IRQ(1));
    SCR |= SEVONPEND;
    settle();
    clear_event();
    pend_interrupt(IRQ(1));
    settle();
    start(NEAR, SYST_CSR_TICKINT);
    word("with SEVONPEND it is one", ticks_of_wait(), 0);
    SCR &= ~SEVONPEND;
    settle();
}

static void nmi(void) {
    clean();
    interrupts_off();
    set_basepri(0x10);
    ICSR = ICSR_NMIPENDSET;
    settle();
    word("NMI comes despite PRIMASK and BASEPRI", entries[0].number, NMI);
    word("its EXC_RETURN", entries[0].exc_return, 0xFFFFFFF9);
    word("ICSR.NMIPENDSET in it", entries[0].icsr & ICSR_NMIPENDSET, 0);
    word("and PRIMASK stays", primask(), 1);
    set_basepri(0);
    interrupts_on();
}

static void cases(void) {
    systick();
    wait_for_interrupt();
    wait_for_event();
    nmi();
    stop();
}

PROGRAM(cases)
