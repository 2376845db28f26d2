/* The vector table at run time and a system reset by AIRCR.SYSRESETREQ, which the log in RAM outlives.
   Armv7-M ARM B1.5.3, B1.5.5, B3.2.5, B3.2.6. */
#include "harness.h"

#define PHASE_2 0x50484132u

static uint32_t other_table[16 + 98] __attribute__((aligned(512)));
static volatile uint32_t came;

static void here(void) { came = came << 4 | 1; }
static void there(void) { came = came << 4 | 2; }

static void pend(void) {
    pend_interrupt(IRQ(1));
    settle();
}

static void move(uint32_t address) {
    dsb();
    VTOR = address;
    settle();
}

static void move_inside(void) {
    came = came << 4 | 3;
    move((uint32_t)other_table);
    pend_interrupt(IRQ(1));
}

static void moves(void) {
    fresh();
    for (unsigned n = 0; n < sizeof table / sizeof *table; n++) {
        other_table[n] = table[n];
    }
    other_table[OF_IRQ(1)] = (uint32_t)there;
    set_handler(OF_IRQ(1), here);
    pend();
    move((uint32_t)other_table);
    pend();
    word("VTOR moved: each table's handler", came, 0x12);
    word("VTOR reads", VTOR, (uint32_t)other_table);
    other_table[OF_IRQ(1)] = (uint32_t)here;
    settle();
    pend();
    word("a vector is read when it is taken", came, 0x121);
    other_table[OF_IRQ(1)] = (uint32_t)there;
    move((uint32_t)table);
    set_handler(OF_IRQ(1), move_inside);
    came = 0;
    pend();
    word("VTOR moved in a handler: what chains to it is the new table's", came, 0x32);
    move((uint32_t)table);
    word("VTOR keeps bits 31 to 7", (VTOR = (uint32_t)table + 0x7F, VTOR), (uint32_t)table);
    set_handler(OF_IRQ(1), capture);
}

static void active_bits(void) {
    fresh();
    pend();
    word("SHCSR in an interrupt", entries[0].shcsr & 0xFFFF, 0);
    fresh();
    ICSR = ICSR_PENDSVSET;
    settle();
    word("SHCSR in PendSV", entries[0].shcsr & 0xFFFF, 1u << 10);
    word("SHCSR's enables read back", SHCSR & 0x70000, 0x70000);
    SHCSR &= ~SHCSR_BUSFAULTENA;
    settle();
    word("one by one", SHCSR & 0x70000, 0x50000);
    SHCSR |= FAULTS_ENABLED;
    settle();
}

static void ask_for_reset(void) {
    set_basepri(0x40);
    SHPR(PEND_SV) = 0xA0;
    NVIC_IPR(IRQ(2)) = 0x80;
    CCR |= CCR_UNALIGN_TRP | CCR_DIV_0_TRP;
    SCR |= SCR_SLEEPONEXIT;
    AIRCR = AIRCR_VECTKEY | 5u << 8;
    ICSR = ICSR_PENDSVCLR;
    pend_interrupt(IRQ(2));
    set_control(control() | 4u);
    LOG->phase = PHASE_2;
    AIRCR = 4; /* without the key nothing happens */
    settle();
    word("SYSRESETREQ without the key does nothing", LOG->phase, PHASE_2);
    AIRCR = AIRCR_VECTKEY | 4u;
    dsb();
    for (;;) {
    }
}

static void after_reset(void) {
    word("after the reset: BASEPRI", basepri(), 0);
    word("after the reset: PRIMASK and FAULTMASK", primask() | faultmask(), 0);
    word("after the reset: IPSR", ipsr(), 0);
    word("after the reset: CONTROL.SPSEL and nPRIV", control() & 3, 0);
    word("after the reset: SHPR", SHPR(PEND_SV), 0);
    word("after the reset: IPR", NVIC_IPR(IRQ(2)), 0);
    word("after the reset: ISER", NVIC_ISER(0), 0);
    word("after the reset: ISPR", NVIC_ISPR(0), 0);
    word("after the reset: SHCSR", SHCSR, 0);
    word("after the reset: CFSR and HFSR", CFSR | HFSR, 0);
    word("after the reset: CCR's traps", CCR & (CCR_UNALIGN_TRP | CCR_DIV_0_TRP | 0x103), 0);
    word("after the reset: SCR", SCR, 0);
    word("after the reset: PRIGROUP", AIRCR & 0x700, 0);
    word("after the reset: FPCCR", FPCCR, FPCCR_ASPEN | FPCCR_LSPEN);
}

int main(void) {
    const uint32_t its_table = VTOR, its_interrupts = NVIC_ISER(1);
    if (LOG->phase == PHASE_2) {
        LOG->phase = 0;
        after_reset();
        return finish(its_table, its_interrupts);
    }
    begin();
    moves();
    active_bits();
    ask_for_reset();
}
