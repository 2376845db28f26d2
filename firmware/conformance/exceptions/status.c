/* What faults leave behind: status, addresses, the stacked state, escalation. Armv7-M ARM B1.5.10, B1.5.14, B3.2.11 to B3.2.19.
   firmware/selftest/faults.c has the plain ones; here are the rest. */
#include "harness.h"

#define UNALIGNED CFSR_UNALIGNED
#define PRECISE (CFSR_PRECISERR | CFSR_BFARVALID)

/* R3 tells how far a case came, R0 is the base, R1 and R2 are data. */
#define CASE(name, instruction) \
    extern const char at_##name[]; \
    NAKED static void name(UNUSED uint32_t a, UNUSED uint32_t b) { \
        __asm volatile("movs r3, #1\n .global at_" #name "\n at_" #name ": " instruction "\n movs r3, #2\n bx lr\n"); \
    }

CASE(load, "ldr r2, [r0]")
CASE(load_half, "ldrh r2, [r0]")
CASE(load_signed, "ldrsh r2, [r0]")
CASE(load_byte, "ldrb r2, [r0]")
CASE(load_post, "ldr r2, [r0], #4")
CASE(store, "str r1, [r0]")
CASE(store_half, "strh r1, [r0]")
CASE(store_byte, "strb r1, [r0]")
CASE(store_pre, "str r1, [r0, #4]!")
CASE(store_two, "strd r1, r2, [r0]")
CASE(store_many, "stmia r0, {r1, r2}")
CASE(load_down, "ldmdb r0!, {r1, r2}")
CASE(load_exclusive_half, "ldrexh r2, [r0]")
CASE(store_exclusive, "strex r12, r1, [r0]")
CASE(store_float, "vstr s0, [r0]")
CASE(load_floats, "vldmia r0, {s0, s1}")
CASE(load_double, "vldr d0, [r0]")
CASE(load_unprivileged, "ldrt r2, [r0]")
CASE(load_two, "ldrd r1, r2, [r0]")
CASE(undefined, "udf #1")
CASE(branch, "bx r0")
CASE(divide, "udiv r2, r0, r1")
CASE(float_move, "vmov s0, r0")

typedef void (*Case)(uint32_t, uint32_t);
#define AT(name) name, at_##name, #name

static void run(Case function, uint32_t a, uint32_t b) {
    fresh();
    for (unsigned n = HARD_FAULT; n <= USAGE_FAULT; n++) {
        actions[n] = back_to_caller;
    }
    function(a, b);
    dsb();
}

static void judge(const char *text, uint32_t index, const char *at, uint32_t number, uint32_t cfsr) {
    part_of(text, index, "entries", taken, 1);
    part_of(text, index, "exception", entries[0].number, number);
    part_of(text, index, "status", entries[0].cfsr, cfsr);
    part_of(text, index, "return address", entries[0].frame.pc, (uint32_t)at & ~1u);
    part_of(text, index, "not completed", entries[0].frame.r3, 1);
}

static uint32_t words[8] __attribute__((aligned(8))) = {0x03020100, 0x07060504, 0x0B0A0908, 0x0F0E0D0C};

static void set_ccr(uint32_t bits) {
    CCR = (CCR & ~(CCR_UNALIGN_TRP | CCR_DIV_0_TRP)) | bits;
    settle();
}

static const struct { Case function; const char *at, *name; uint32_t offset, traps; } accesses[] = {
    /* traps: 1 with UNALIGN_TRP, 2 always */
    {AT(load), 1, 1}, {AT(load), 2, 1}, {AT(load), 3, 1}, {AT(load_half), 1, 1}, {AT(load_half), 2, 0}, {AT(load_signed), 3, 1},
    {AT(load_byte), 3, 0}, {AT(load_post), 2, 1}, {AT(store), 5, 1}, {AT(store_half), 3, 1}, {AT(store_byte), 1, 0},
    {AT(store_pre), 1, 1}, {AT(load_unprivileged), 2, 1}, {AT(load_two), 4, 0}, {AT(load_two), 2, 2}, {AT(store_two), 1, 2},
    {AT(store_many), 2, 2}, {AT(load_down), 18, 2}, {AT(load_exclusive_half), 1, 2}, {AT(store_exclusive), 2, 2},
    {AT(store_float), 2, 2}, {AT(load_floats), 1, 2}, {AT(load_double), 4, 0}, {AT(load_double), 2, 2},
};

static void unaligned(void) {
    for (uint32_t trap = 0; trap < 2; trap++) {
        for (uint32_t i = 0; i < sizeof accesses / sizeof *accesses; i++) {
            const uint32_t address = (uint32_t)words + accesses[i].offset;
            set_ccr(trap ? CCR_UNALIGN_TRP : 0);
            run(accesses[i].function, address, 0x11111111);
            set_ccr(0);
            const int faults = accesses[i].traps == 2 || (accesses[i].traps == 1 && trap);
            word_of("unaligned, access + 100 where trapped: status", i + 100 * trap, entries[0].cfsr, faults ? UNALIGNED : 0);
            if (faults) {
                word_of("unaligned: return address", i + 100 * trap, entries[0].frame.pc, (uint32_t)accesses[i].at & ~1u);
                word_of("unaligned: base", i + 100 * trap, entries[0].frame.r0, address);
            }
        }
    }
    static uint32_t data[4] = {0x33221100, 0x77665544, 0xBBAA9988, 0xFFEEDDCC};
    uint32_t value;
    __asm volatile("ldr %0, [%1, #3]\n" : "=r"(value) : "r"(data) : "memory");
    word("an unaligned load", value, 0x66554433);
    __asm volatile("str %0, [%1, #5]\n" ::"r"(0x12345678), "r"(data) : "memory");
    word("an unaligned store, first word", data[1], 0x34567844);
    word("an unaligned store, second word", data[2], 0xBBAA9912);
}

static void divisions(void) {
    uint32_t quotient;
    set_ccr(0);
    __asm volatile("udiv %0, %1, %2\n" : "=r"(quotient) : "r"(7), "r"(0));
    word("a division by zero is zero without the trap", quotient, 0);
    set_ccr(CCR_DIV_0_TRP);
    run(divide, 7, 0);
    set_ccr(0);
    judge("a division by zero with it", 0, at_divide, USAGE_FAULT, CFSR_DIVBYZERO);
    __asm volatile("sdiv %0, %1, %2\n" : "=r"(quotient) : "r"(0x80000000), "r"(-1));
    word("the least number by -1", quotient, 0x80000000);
}

static void addresses(void) {
    static const struct { Case function; const char *at; uint32_t offset, where; } bus[] = {
        {load, at_load, 0, 0}, {load, at_load, 0x104, 0x104}, {load_half, at_load_half, 0x22, 0x22}, {store_pre, at_store_pre, 0x10, 0x14},
        {load_post, at_load_post, 8, 8}, {load_down, at_load_down, 0x20, 0x18}, {load_two, at_load_two, 0x40, 0x40}, {load_byte, at_load_byte, 3, 3},
    };
    for (uint32_t i = 0; i < sizeof bus / sizeof *bus; i++) {
        run(bus[i].function, NOBODY + bus[i].offset, 0);
        if (bus[i].function == store_pre) {
            continue; /* a store there may be imprecise */
        }
        judge("a load from nowhere", i, bus[i].at, BUS_FAULT, PRECISE);
        word_of("its address", i, entries[0].bfar, NOBODY + bus[i].where);
        word_of("its base is as before", i, entries[0].frame.r0, NOBODY + bus[i].offset);
    }
    run(load, NOBODY + 0x40, 0);
    word("BFAR keeps the address when BFARVALID is cleared", BFAR, NOBODY + 0x40);
    word("CFSR is cleared by ones", CFSR, 0);
}

/* Collects what accumulates: this handler clears nothing. */
KEPT static volatile uint32_t status[4];
NAKED static void leaves_status(void) {
    __asm volatile(
        "ldr r0, =0xE000ED28\n"
        "ldr r1, [r0]\n"
        "ldr r2, =status\n"
        "str r1, [r2]\n"
        "ldr r1, [sp, #20]\n"
        "bic r1, r1, #1\n"
        "str r1, [sp, #24]\n"
        "bx lr\n"
        ".ltorg\n");
}

static void accumulates(void) {
    fresh();
    set_handler(USAGE_FAULT, leaves_status);
    set_handler(BUS_FAULT, leaves_status);
    undefined(0, 0);
    load(NOBODY + 8, 0);
    load_two((uint32_t)words + 1, 0);
    word("status accumulates", CFSR, CFSR_UNDEFINSTR | PRECISE | UNALIGNED);
    CFSR = CFSR_UNDEFINSTR;
    word("ones clear their bits only", CFSR, PRECISE | UNALIGNED);
    REG32(0xE000ED28) = 0;
    *(volatile uint8_t *)0xE000ED29 = 0x82;
    word("by bytes too", CFSR, UNALIGNED);
    *(volatile uint16_t *)0xE000ED2A = 0x0100;
    word("and halfwords", CFSR, 0);
    set_handler(USAGE_FAULT, capture);
    set_handler(BUS_FAULT, capture);
}

static void escalation(void) {
    static const struct { Case function; const char *at; uint32_t argument, enable, cfsr; } each[] = {
        {undefined, at_undefined, 0, SHCSR_USGFAULTENA, CFSR_UNDEFINSTR},
        {load, at_load, NOBODY, SHCSR_BUSFAULTENA, PRECISE},
        {load_two, at_load_two, 0x20000001, SHCSR_USGFAULTENA, UNALIGNED},
    };
    for (uint32_t i = 0; i < 3; i++) {
        SHCSR &= ~each[i].enable;
        settle();
        run(each[i].function, each[i].argument, 0);
        SHCSR |= FAULTS_ENABLED;
        settle();
        judge("a fault that is not enabled", i, each[i].at, HARD_FAULT, each[i].cfsr);
        word_of("FORCED", i, entries[0].hfsr, HFSR_FORCED);
        word_of("and does not wait", i, entries[0].shcsr & 0xF000, 0);
    }
    SHPR(USAGE_FAULT) = 0;
    fresh();
    SHPR(USAGE_FAULT) = 0x80;
    for (unsigned n = HARD_FAULT; n <= USAGE_FAULT; n++) {
        actions[n] = back_to_caller;
    }
    set_basepri(0x80);
    undefined(0, 0);
    set_basepri(0);
    judge("a fault under BASEPRI", 0, at_undefined, HARD_FAULT, CFSR_UNDEFINSTR);
}

static uint32_t inner;

static void fault_again(Frame *frame) {
    back_to_caller(frame);
    if (inner) {
        inner = 0;
        load(NOBODY, 0);
        dsb();
    }
}

static void fault_in_interrupt(Frame *frame) {
    (void)frame;
    undefined(0, 0);
    dsb();
}

static void faults_in_handlers(void) {
    fresh();
    SHPR(USAGE_FAULT) = 0x80;
    SHPR(BUS_FAULT) = 0x40;
    actions[USAGE_FAULT] = fault_again;
    actions[BUS_FAULT] = actions[HARD_FAULT] = back_to_caller;
    inner = 1;
    undefined(0, 0);
    dsb();
    word("a bus fault in UsageFault of a higher priority", entries[1].number, BUS_FAULT);
    word("its EXC_RETURN", entries[1].exc_return, 0xFFFFFFF1);
    word("SHCSR shows both active", entries[1].shcsr & 0xFFF, 1u << 3 | 1u << 1);
    word("IPSR in its frame", entries[1].frame.xpsr & 0x1FF, USAGE_FAULT);
    fresh();
    SHPR(USAGE_FAULT) = SHPR(BUS_FAULT) = 0x40;
    actions[USAGE_FAULT] = fault_again;
    actions[BUS_FAULT] = actions[HARD_FAULT] = back_to_caller;
    inner = 1;
    undefined(0, 0);
    dsb();
    word("of the same priority it is a HardFault", entries[1].number, HARD_FAULT);
    word("FORCED", entries[1].hfsr, HFSR_FORCED);
    word("with the bus fault's status", entries[1].cfsr, PRECISE);
    fresh();
    NVIC_IPR(IRQ(1)) = 0x80;
    SHPR(USAGE_FAULT) = 0x40;
    actions[OF_IRQ(1)] = fault_in_interrupt;
    actions[USAGE_FAULT] = actions[HARD_FAULT] = back_to_caller;
    pend_interrupt(IRQ(1));
    settle();
    word("a fault in an interrupt of lower priority", entries[1].number, USAGE_FAULT);
    fresh();
    NVIC_IPR(IRQ(1)) = 0x40;
    SHPR(USAGE_FAULT) = 0x40;
    actions[OF_IRQ(1)] = fault_in_interrupt;
    actions[USAGE_FAULT] = actions[HARD_FAULT] = back_to_caller;
    pend_interrupt(IRQ(1));
    settle();
    word("in one of the same priority", entries[1].number, HARD_FAULT);
}

static void set_thumb(Frame *frame) { frame->xpsr |= THUMB; }
static void clear_thumb(Frame *frame) { frame->xpsr &= ~THUMB; }

static void states(void) {
    extern const char behind_even[];
    run(branch, (uint32_t)words & ~1u, 0);
    word("a branch to an even address", entries[0].cfsr, CFSR_INVSTATE);
    word("its return address is the target", entries[0].frame.pc, (uint32_t)words & ~1u);
    word("and its T is clear", entries[0].frame.xpsr & THUMB, 0);
    fresh();
    actions[SV_CALL] = clear_thumb;
    actions[USAGE_FAULT] = set_thumb;
    __asm volatile(".balign 4\n nop\n svc #1\n .global behind_even\n behind_even:\n" ::: "r0", "r1", "r2", "r3", "r12", "lr", "memory");
    word("a return with T clear in the frame", entries[1].cfsr, CFSR_INVSTATE);
    word("its return address is the frame's", entries[1].frame.pc, (uint32_t)behind_even);
    word("T in the new frame", entries[1].frame.xpsr & THUMB, 0);
    fresh();
    actions[USAGE_FAULT] = back_to_caller;
    __asm volatile(
        "mov r2, %0\n push {r2}\n adr r1, 1f\n adds r1, #1\n mov lr, r1\n pop {pc}\n .balign 4\n 1:\n" ::"r"((uint32_t)words)
        : "r0", "r1", "r2", "r3", "r12", "lr", "memory");
    word("a POP of an even address", entries[0].cfsr, CFSR_INVSTATE);
    const uint32_t usual = table[OF_IRQ(1)];
    fresh();
    actions[USAGE_FAULT] = set_thumb;
    NVIC_IPR(IRQ(1)) = 0x80;
    table[OF_IRQ(1)] = usual & ~1u;
    settle();
    pend_interrupt(IRQ(1));
    settle();
    table[OF_IRQ(1)] = usual;
    settle();
    word("a vector without its Thumb bit", entries[0].number, USAGE_FAULT);
    word("its status", entries[0].cfsr, CFSR_INVSTATE);
    word("its EXC_RETURN", entries[0].exc_return, 0xFFFFFFF1);
    word("its return address", entries[0].frame.pc, usual & ~1u);
    word("then the handler runs", entries[1].number, OF_IRQ(1));
}

static void coprocessors(void) {
    const uint32_t access = CPACR;
    CPACR = access & ~(3u << 20 | 3u << 22);
    settle();
    run(float_move, 0, 0);
    judge("an FP instruction without the FPU", 0, at_float_move, USAGE_FAULT, CFSR_NOCP);
    CPACR = (access & ~(15u << 20)) | 5u << 20;
    settle();
    run(float_move, 0, 0);
    word("with the FPU for the privileged: in a privileged thread", taken, 0);
    CPACR = access;
    settle();
    word("CPACR keeps CP10 and CP11 only", (CPACR = 0xFFFFFFFF, CPACR), 15u << 20);
    CPACR = access;
    settle();
}

static void pended(void) {
    static const struct { uint32_t bit, number; } each[] = {{12, USAGE_FAULT}, {13, MEM_MANAGE}, {14, BUS_FAULT}};
    for (uint32_t i = 0; i < 3; i++) {
        fresh();
        interrupts_off();
        SHCSR |= 1u << each[i].bit;
        settle();
        word_of("pended by SHCSR under PRIMASK it waits", each[i].number, SHCSR & 0xF000, 1u << each[i].bit);
        word_of("ICSR.VECTPENDING", each[i].number, ICSR >> 12 & 0x1FF, each[i].number);
        interrupts_on();
        settle();
        word_of("and comes", each[i].number, entries[0].number, each[i].number);
        word_of("without a status", each[i].number, entries[0].cfsr, 0);
    }
}

static void cases(void) {
    unaligned();
    divisions();
    addresses();
    accumulates();
    escalation();
    faults_in_handlers();
    states();
    coprocessors();
    pended();
}

PROGRAM(cases)
