/* Who preempts whom: grouping, masks, pending and active bits. Armv7-M ARM B1.5.4, B3.4.
   Interrupt k leaves the digit k when it begins and k + 8 when it ends; NMI 5 and D, PendSV 6 and E, SysTick 7 and F. */
#include "harness.h"

static void (*volatile inside[8])(void);

static void run(uint32_t digit) {
    event(digit);
    if (inside[digit]) {
        inside[digit]();
    }
    settle();
    event(digit + 8u);
}

static void interrupt_1(void) { run(1); }
static void interrupt_2(void) { run(2); }
static void interrupt_3(void) { run(3); }
static void interrupt_4(void) { run(4); }
static void nmi(void) { run(5); }
static void pend_sv(void) { run(6); }
static void sys_tick(void) { run(7); }

static void pend_1(void) { pend_interrupt(IRQ(1)); settle(); }
static void pend_2(void) { pend_interrupt(IRQ(2)); settle(); }
static void pend_3(void) { pend_interrupt(IRQ(3)); settle(); }
static void pend_4(void) { pend_interrupt(IRQ(4)); settle(); }
static void pend_nmi(void) { ICSR = ICSR_NMIPENDSET; settle(); }

static void clean(void) {
    fresh();
    for (unsigned n = 0; n < 8; n++) {
        inside[n] = 0;
    }
}

static void priority(unsigned k, uint32_t value) {
    NVIC_IPR(IRQ(k)) = (uint8_t)value;
}

static void group(uint32_t prigroup) {
    AIRCR = AIRCR_VECTKEY | prigroup << 8;
    settle();
}

static const struct { uint8_t low, high, bit; } pairs[] = {{0xF0, 0x70, 7}, {0xC0, 0x80, 6}, {0x60, 0x40, 5}, {0xB0, 0xA0, 4}};

/* Bit b of a priority is in its group where b > PRIGROUP. */
static void preempts_by_group(void) {
    for (unsigned p = 0; p < 4; p++) {
        for (uint32_t g = 0; g < 8; g++) {
            clean();
            group(g);
            priority(1, pairs[p].low);
            priority(2, pairs[p].high);
            inside[1] = pend_2;
            pend_1();
            word_of("preemption by group priority, pair * 8 + PRIGROUP", p * 8 + g, order, pairs[p].bit > g ? 0x12A9 : 0x192A);
        }
    }
    clean();
    group(7);
    priority(1, 0xF0);
    priority(2, 0x70);
    priority(3, 0x70);
    interrupts_off();
    NVIC_ISPR(0) = 1u << IRQ(1) | 1u << IRQ(2) | 1u << IRQ(3);
    interrupts_on();
    settle();
    word("within a group the subpriority orders what waits, then the number", order, 0x2A3B19);
    word("AIRCR reads its PRIGROUP and the key's complement", AIRCR, 0xFA050700);
    AIRCR = 0x12340000;
    word("a write without the key does nothing", AIRCR, 0xFA050700);
    group(0);
}

static void nests(void) {
    clean();
    for (unsigned k = 1; k <= 4; k++) {
        priority(k, 0xA0 - 0x20 * k);
    }
    inside[1] = pend_2;
    inside[2] = pend_3;
    inside[3] = pend_4;
    pend_1();
    word("four levels", order, 0x1234CBA9);
}

static volatile uint32_t seen[8];

static void look_1(void) {
    inside[1] = 0;
    seen[0] = ICSR;
    seen[1] = NVIC_IABR(0);
    pend_2();
    seen[2] = ICSR;
    seen[3] = NVIC_IABR(0);
}

static void look_2(void) {
    seen[4] = ICSR;
    seen[5] = NVIC_IABR(0);
    seen[6] = NVIC_ISPR(0);
    pend_interrupt(IRQ(1)); /* pending while it is active */
    dsb();
    seen[7] = ICSR;
}

static void shows_its_state(void) {
    const uint32_t fields = 0x00400FFF | 0x1FFu << 12;
    clean();
    priority(1, 0x80);
    priority(2, 0x40);
    inside[1] = look_1;
    inside[2] = look_2;
    interrupts_off();
    pend_interrupt(IRQ(1));
    dsb();
    word("ICSR in a thread with an interrupt waiting under PRIMASK", ICSR & fields & ~0x800u, 1u << 22 | OF_IRQ(1) << 12);
    word("ISPR then", NVIC_ISPR(0), 1u << IRQ(1));
    interrupts_on();
    settle();
    word("ICSR in a handler above the thread: RETTOBASE", seen[0] & fields, 0x800 | OF_IRQ(1));
    word("IABR then", seen[1], 1u << IRQ(1));
    word("ICSR behind a nested one, its own interrupt waits again", seen[2] & fields, 1u << 22 | OF_IRQ(1) << 12 | 0x800 | OF_IRQ(1));
    word("IABR behind it", seen[3], 1u << IRQ(1));
    word("ICSR in the nested handler: no RETTOBASE", seen[4] & fields, OF_IRQ(2));
    word("IABR in the nested handler", seen[5], 1u << IRQ(1) | 1u << IRQ(2));
    word("ISPR in the nested handler", seen[6], 0);
    word("ICSR with a lower one waiting", seen[7] & fields, 1u << 22 | OF_IRQ(1) << 12 | OF_IRQ(2));
    word("an interrupt that pends itself comes again, and the nested one in it", order, 0x12A919);
    word("IABR in the end", NVIC_IABR(0), 0);
}

static void once(void) {
    inside[1] = 0;
    pend_interrupt(IRQ(1));
}

static void pends(void) {
    clean();
    inside[1] = once;
    pend_1();
    word("pended in its own handler it runs twice", order, 0x1919);

    clean();
    disable_interrupt(IRQ(1));
    pend_1();
    word("a disabled interrupt waits", NVIC_ISPR(0), 1u << IRQ(1));
    word("ISRPENDING of a disabled interrupt, and no VECTPENDING", ICSR & 0x5FF000, 1u << 22);
    word("and does not run", order, 0);
    NVIC_ICPR(0) = 1u << IRQ(1);
    enable_interrupt(IRQ(1));
    settle();
    word("cleared before it is enabled it never runs", order, 0);
    disable_interrupt(IRQ(1));
    pend_1();
    enable_interrupt(IRQ(1));
    settle();
    word("enabled while it waits it runs", order, 0x19);
    word("ISER and ICER read the enabled ones", NVIC_ISER(0) & NVIC_ICER(0), 0xFu << IRQ(1));

    clean();
    STIR = IRQ(2);
    settle();
    word("STIR pends", order, 0x2A);
    word("STIR reads as zero", STIR, 0);

    clean();
    priority(1, 0x80);
    priority(2, 0x80);
    NVIC_ISPR(0) = 1u << IRQ(1) | 1u << IRQ(2);
    settle();
    word("two by one store to ISPR, of one priority", order, 0x192A);
    clean();
    priority(1, 0x80);
    priority(2, 0x40);
    NVIC_ISPR(0) = 1u << IRQ(1) | 1u << IRQ(2);
    settle();
    word("two by one store to ISPR, the second higher", order, 0x2A19);
}

static void lower_itself(void) {
    priority(1, 0xC0);
    settle();
    pend_2();
}

static void raise_itself(void) {
    priority(1, 0x10);
    settle();
    pend_2();
}

static void changes_priorities(void) {
    clean();
    priority(1, 0x40);
    priority(2, 0x80);
    inside[1] = lower_itself;
    pend_1();
    word("an active interrupt that lowers its priority is preempted", order, 0x12A9);
    clean();
    priority(1, 0xC0);
    priority(2, 0x80);
    inside[1] = raise_itself;
    pend_1();
    word("one that raises it is not", order, 0x192A);
    word("IPR keeps the four bits that exist", (NVIC_IPR(IRQ(4)) = 0xFF, NVIC_IPR(IRQ(4))), 0xF0);
}

static void masks(void) {
    for (uint32_t g = 0; g < 8; g++) {
        for (unsigned p = 0; p < 4; p++) {
            clean();
            group(g);
            priority(1, pairs[p].high);
            set_basepri(pairs[p].low);
            pend_1();
            word_of("BASEPRI by group priority, PRIGROUP * 4 + pair", g * 4 + p, order, pairs[p].bit > g ? 0x19 : 0);
            set_basepri(0);
            settle();
        }
    }
    group(0);
    clean();
    priority(1, 0x80);
    set_basepri(0x80);
    pend_1();
    event(0xE);
    set_basepri(0);
    settle();
    word("BASEPRI masks its own priority, and lets go at once", order, 0xE19);
    clean();
    priority(1, 0x80);
    set_basepri(0x80);
    pend_1();
    set_basepri(0x90);
    settle();
    event(0xE);
    set_basepri(0);
    word("BASEPRI one step lower lets it through", order, 0x19E);
    set_basepri(0xFF);
    word("BASEPRI keeps the four bits that exist", basepri(), 0xF0);
    set_basepri(0);
    settle();
}

static void set_basepri_max(uint32_t value) { __asm volatile("msr basepri_max, %0" ::"r"(value) : "memory"); }

static void raises_only(void) {
    static const uint8_t steps[][2] = {{0x80, 0x80}, {0xA0, 0x80}, {0x40, 0x40}, {0, 0x40}, {0x50, 0x40}, {0x10, 0x10}};
    clean();
    set_basepri(0);
    for (unsigned i = 0; i < sizeof steps / sizeof *steps; i++) {
        set_basepri_max(steps[i][0]);
        word_of("BASEPRI_MAX, step", i, basepri(), steps[i][1]);
    }
    priority(1, 0x40);
    pend_1();
    word("what BASEPRI_MAX raised masks", order, 0);
    set_basepri(0);
    settle();
    word("and lets go", order, 0x19);
}

static volatile uint32_t mask_inside, mask_after;

static void mask_in_handler(void) {
    __asm volatile("cpsid f" ::: "memory");
    mask_inside = faultmask();
    pend_2();
    event(0);
}

static void mask_in_nmi(void) {
    __asm volatile("cpsid f" ::: "memory");
    mask_inside = faultmask();
}

static void masks_faults(void) {
    clean();
    inside[5] = 0;
    __asm volatile("cpsid f" ::: "memory");
    pend_1();
    word("FAULTMASK masks interrupts", order, 0);
    pend_nmi();
    word("and not NMI", order, 0x5D);
    word("NMI's return leaves FAULTMASK", faultmask(), 1);
    __asm volatile("cpsie f" ::: "memory");
    settle();
    word("FAULTMASK lets go", order, 0x5D19);
    clean();
    priority(1, 0x80);
    priority(2, 0x40);
    inside[1] = mask_in_handler;
    pend_1();
    word("FAULTMASK in a handler", mask_inside, 1);
    word("holds back a higher one until the return, which clears it", order, 0x1092A);
    word("FAULTMASK behind the return", faultmask(), 0);
    clean();
    inside[5] = mask_in_nmi;
    pend_nmi();
    __asm volatile("cpsie f" ::: "memory");
    word("FAULTMASK cannot be set in NMI", mask_inside, 0);
}

static void pend_sv_inside(void) {
    ICSR = ICSR_PENDSVSET;
    settle();
    mask_after = ICSR & ICSR_PENDSVSET;
}

static void system_exceptions(void) {
    clean();
    SHPR(PEND_SV) = 0xF0;
    priority(1, 0x80);
    inside[1] = pend_sv_inside;
    pend_1();
    word("PendSV of the lowest priority waits for the handler's end", order, 0x196E);
    word("ICSR.PENDSVSET then", mask_after, ICSR_PENDSVSET);
    clean();
    SHPR(PEND_SV) = 0x10;
    priority(1, 0x80);
    inside[1] = pend_sv_inside;
    pend_1();
    word("PendSV of a high priority preempts", order, 0x16E9);
    word("ICSR.PENDSVSET behind it", mask_after, 0);
    clean();
    interrupts_off();
    ICSR = ICSR_PENDSVSET | ICSR_PENDSTSET;
    dsb();
    word("ICSR with both waiting", ICSR & 0x141FF000, ICSR_PENDSVSET | ICSR_PENDSTSET | PEND_SV << 12);
    ICSR = ICSR_PENDSVCLR;
    dsb();
    word("ICSR with PendSV cleared", ICSR & 0x141FF000, ICSR_PENDSTSET | SYS_TICK << 12);
    interrupts_on();
    settle();
    word("then SysTick comes alone", order, 0x7F);
    clean();
    interrupts_off();
    ICSR = ICSR_PENDSVSET | ICSR_PENDSTSET;
    pend_interrupt(IRQ(1));
    pend_nmi();
    interrupts_on();
    settle();
    word("NMI despite PRIMASK, then of one priority by number", order, 0x5D6E7F19);
    clean();
    SHPR(PEND_SV) = 0xFF;
    word("SHPR keeps the four bits that exist", SHPR(PEND_SV), 0xF0);
    SHPR(PEND_SV) = 0;
    inside[1] = pend_nmi;
    pend_1();
    word("NMI preempts a handler of priority 0", order, 0x15D9);
}

static void cases(void) {
    static void (*const handlers[])(void) = {interrupt_1, interrupt_2, interrupt_3, interrupt_4};
    for (unsigned k = 1; k <= 4; k++) {
        set_handler(OF_IRQ(k), handlers[k - 1]);
    }
    set_handler(NMI, nmi);
    set_handler(PEND_SV, pend_sv);
    set_handler(SYS_TICK, sys_tick);
    preempts_by_group();
    nests();
    shows_its_state();
    pends();
    changes_priorities();
    masks();
    raises_only();
    masks_faults();
    system_exceptions();
}

PROGRAM(cases)
