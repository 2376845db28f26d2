/* SVC from everywhere, privilege, IT blocks and exclusive accesses across exceptions. Armv7-M ARM B1.4, B1.5, A3.4, B5.2. */
#include "harness.h"

#define STACK_WORDS 256u
static uint32_t process_stack[STACK_WORDS] __attribute__((aligned(8)));
#define TOP ((uint32_t)(process_stack + STACK_WORDS))

static volatile uint32_t seen[8];

static void call(void) { __asm volatile("svc #1\n" ::: "r0", "r1", "r2", "r3", "r12", "lr", "memory"); }

static void call_inside(Frame *frame) {
    (void)frame;
    call();
    seen[0] = taken;
}

/* HardFault's frame is the escalated SVC's: go on behind it wherever it points. */
static void behind_service(Frame *frame) {
    if ((*(const uint16_t *)frame->pc & 0xFF00u) == 0xDF00u) {
        frame->pc += 2;
    }
}

static void services(void) {
    fresh();
    SHPR(SV_CALL) = 0x40;
    NVIC_IPR(IRQ(1)) = 0x80;
    actions[OF_IRQ(1)] = call_inside;
    pend_interrupt(IRQ(1));
    settle();
    word("SVC in a handler of lower priority", entries[1].number, SV_CALL);
    word("its EXC_RETURN", entries[1].exc_return, 0xFFFFFFF1);
    word("it came at once", seen[0], 2);
    word("SHCSR shows it active", entries[1].shcsr & 0xFFF, 1u << 7);
    for (uint32_t priority = 0x80; priority <= 0xC0; priority += 0x40) {
        fresh();
        SHPR(SV_CALL) = (uint8_t)priority;
        NVIC_IPR(IRQ(1)) = 0x80;
        actions[OF_IRQ(1)] = call_inside;
        actions[HARD_FAULT] = behind_service;
        pend_interrupt(IRQ(1));
        settle();
        word_of("SVC where its priority does not suffice is a HardFault, SVCall's priority", priority, entries[1].number, HARD_FAULT);
        word_of("FORCED, SVCall's priority", priority, entries[1].hfsr, HFSR_FORCED);
        word_of("no status, SVCall's priority", priority, entries[1].cfsr, 0);
        word_of("SVCall does not wait, SVCall's priority", priority, entries[1].shcsr & 1u << 15, 0);
        word_of("entries, SVCall's priority", priority, taken, 2);
    }
    fresh();
    SHPR(SV_CALL) = 0x80;
    actions[HARD_FAULT] = behind_service;
    set_basepri(0x80);
    call();
    set_basepri(0);
    word("SVC under BASEPRI is a HardFault", entries[0].number, HARD_FAULT);
    fresh();
    actions[HARD_FAULT] = behind_service;
    interrupts_off();
    call();
    interrupts_on();
    word("SVC under PRIMASK is a HardFault", entries[0].number, HARD_FAULT);
    fresh();
    actions[SV_CALL] = call_inside;
    actions[HARD_FAULT] = behind_service;
    call();
    word("SVC in SVC is a HardFault", entries[1].number, HARD_FAULT);
    word("SHCSR shows SVCall active in it", entries[1].shcsr & 0xFFF, 1u << 7);
    fresh();
    SHCSR |= 1u << 15;
    settle();
    word("SHCSR.SVCALLPENDED takes it", entries[0].number, SV_CALL);
    word("once", taken, 1);
    fresh();
    interrupts_off();
    SHCSR |= 1u << 15;
    settle();
    word("under PRIMASK it waits", SHCSR & 1u << 15, 1u << 15);
    SHCSR &= ~(1u << 15);
    interrupts_on();
    settle();
    word("and can be withdrawn", taken, 0);
}

/* Unprivileged on the process stack, back by SVC. */
NAKED static uint32_t unprivileged(UNUSED uint32_t (*function)(uint32_t), UNUSED uint32_t argument) {
    __asm volatile(
        "push {r4, r5, r6, lr}\n"
        "mov r5, r0\n"
        "mov r6, r1\n"
        "ldr r0, =process_stack + 1024\n"
        "msr psp, r0\n"
        "mrs r4, control\n"
        "orr r0, r4, #3\n"
        "msr control, r0\n"
        "isb\n"
        "mov r0, r6\n"
        "blx r5\n"
        "mov r5, r0\n"
        "svc #9\n"
        "msr control, r4\n"
        "isb\n"
        "mov r0, r5\n"
        "pop {r4, r5, r6, pc}\n"
        ".ltorg\n");
}

static void grant(Frame *frame) {
    (void)frame;
    set_control(0);
}

static void fresh_with_return(void) {
    fresh();
    actions[SV_CALL] = grant;
    actions[BUS_FAULT] = actions[HARD_FAULT] = actions[USAGE_FAULT] = back_to_caller;
}

static uint32_t write_all(uint32_t argument) {
    (void)argument;
    __asm volatile(
        "cpsid i\n cpsid f\n movs r0, #1\n msr primask, r0\n msr faultmask, r0\n movs r0, #0x80\n msr basepri, r0\n"
        "msr basepri_max, r0\n movs r0, #0\n msr control, r0\n msr msp, r0\n isb\n" ::: "r0", "memory");
    uint32_t value;
    __asm volatile("mrs %0, control" : "=r"(value));
    return value;
}

static uint32_t read_all(uint32_t argument) {
    (void)argument;
    uint32_t a, b, c, d, e, f;
    __asm volatile(
        "mrs %0, primask\n mrs %1, basepri\n mrs %2, faultmask\n mrs %3, msp\n mrs %4, psp\n mrs %5, xpsr\n"
        : "=&r"(a), "=&r"(b), "=&r"(c), "=&r"(d), "=&r"(e), "=&r"(f));
    return a | b | c | d | e | (f & 0x07FFFFFF & ~0xF0000u);
}

NAKED static uint32_t load(UNUSED uint32_t address) { __asm volatile("ldr r0, [r0]\n bx lr\n"); }

NAKED static uint32_t trigger(UNUSED uint32_t interrupt) {
    __asm volatile("ldr r1, =0xE000EF00\n str r0, [r1]\n dsb\n isb\n bx lr\n .ltorg\n");
}

static void privilege(void) {
    const uint32_t stack = msp();
    fresh_with_return();
    word("without privilege: CONTROL after writes", unprivileged(write_all, 0) & 3, 3);
    word("without privilege: PRIMASK, BASEPRI and FAULTMASK keep", primask() | basepri() | faultmask(), 0);
    word("without privilege: MSP keeps", msp(), stack);
    fresh_with_return();
    set_basepri(0x80);
    SHPR(SV_CALL) = 0x40;
    word("without privilege: masks, stack pointers and IPSR read as zero", unprivileged(read_all, 0), 0);
    set_basepri(0);
    static const uint32_t places[] = {0xE000E100, 0xE000ED04, 0xE000ED94, 0xE000E010};
    for (unsigned i = 0; i < sizeof places / sizeof *places; i++) {
        fresh_with_return();
        unprivileged(load, places[i]);
        word_of("without privilege: a load from the System Control Space", i, entries[0].number, BUS_FAULT);
        word_of("without privilege: its status", i, entries[0].cfsr, CFSR_PRECISERR | CFSR_BFARVALID);
        word_of("without privilege: its address", i, entries[0].bfar, places[i]);
    }
    fresh_with_return();
    unprivileged(trigger, IRQ(1));
    word("without privilege: STIR", entries[0].number, BUS_FAULT);
    fresh_with_return();
    CCR |= 2u;
    settle();
    unprivileged(trigger, IRQ(1));
    CCR &= ~2u;
    settle();
    word("without privilege: STIR with USERSETMPEND", entries[0].number, OF_IRQ(1));
    word("without privilege: EXC_RETURN then", entries[0].exc_return, 0xFFFFFFFD);
}

static void stack_pointers(void) {
    uint32_t value;
    fresh();
    __asm volatile("msr psp, %1\n mrs %0, psp\n" : "=r"(value) : "r"(TOP + 3));
    word("PSP's two low bits are zero", value, TOP);
    __asm volatile("mov r2, sp\n adds r0, %1, #3\n cpsid i\n mov sp, r0\n mov %0, sp\n mov sp, r2\n cpsie i\n" : "=&r"(value) : "r"(TOP) : "r0", "r2", "cc");
    word("SP's two low bits are zero", value, TOP);
}

/* What an exception does in the middle of an IT block: the block goes on as it was. */

static void change_everything(Frame *frame) {
    (void)frame;
    __asm volatile("cmp r0, r0\n itete ne\n movne r0, r0\n moveq r0, r0\n movne r0, r0\n moveq r0, r0\n" ::: "cc");
}

static void service_at_each_place(void) {
    uint32_t result;
    fresh();
    actions[SV_CALL] = change_everything;
    __asm volatile(
        "movs r4, #0\n cmp r4, #0\n"
        "itete eq\n svceq #1\n addne r4, #1\n addeq r4, #2\n addne r4, #4\n"
        "cmp r4, #2\n itete eq\n addeq r4, #16\n svcne #1\n svceq #2\n addne r4, #32\n"
        "cmp r4, #18\n itttt eq\n addeq r4, #64\n addeq r4, #64\n addeq r4, #64\n svceq #3\n"
        "mov %0, r4\n" : "=r"(result) :: "r0", "r1", "r2", "r3", "r4", "r12", "lr", "cc", "memory");
    word("SVC in IT blocks: what was executed", result, 2 + 16 + 192);
    word("SVC in IT blocks: how many", taken, 3);
    word("SVC in an IT block: the stacked state, first", entries[0].frame.xpsr & 0x0600FC00, 0x04001400);
    word("SVC in an IT block: the stacked state, third", entries[1].frame.xpsr & 0x0600FC00, 0x00001800);
    word("SVC in an IT block: the stacked state, last", entries[2].frame.xpsr & 0x0600FC00, 0);
}

static uint32_t memory[4] = {0x1111, 0x2222, 0x3333, 0x4444};

static void repair_base(Frame *frame) {
    frame->r1 = (uint32_t)memory;
    change_everything(frame);
}

static void faults_in_it(void) {
    uint32_t result;
    fresh();
    actions[BUS_FAULT] = repair_base;
    __asm volatile(
        "mov r1, %1\n movs r4, #0\n cmp r4, #0\n"
        "ittee eq\n addeq r4, #1\n ldreq r0, [r1, #4]\n addne r4, #2\n addne r4, #4\n"
        "add r4, r4, r0\n mov %0, r4\n" : "=r"(result) : "r"(NOBODY) : "r0", "r1", "r4", "cc", "memory");
    word("a load in an IT block that faults and is made good", result, 0x2223);
    word("its stacked state", entries[0].frame.xpsr & 0x0600FC00, 0x04000C00);
    fresh();
    NVIC_IPR(IRQ(1)) = 0x80;
    actions[OF_IRQ(1)] = change_everything;
    __asm volatile(
        "ldr r1, =0xE000E200\n mov r2, %1\n movs r4, #0\n cmp r4, #0\n"
        "itttt eq\n streq r2, [r1]\n addeq r4, #1\n addeq r4, #2\n addeq r4, #4\n"
        "itete eq\n addeq r4, #8\n addne r4, #16\n addeq r4, #32\n addne r4, #64\n"
        "mov %0, r4\n" : "=r"(result) : "r"(1u << IRQ(1)) : "r1", "r2", "r4", "cc", "memory");
    settle();
    word("an interrupt that an IT block pends", result, 1 + 2 + 4 + 8 + 32);
    word("comes once", taken, 1);
}

static uint32_t exclusive(int how) {
    uint32_t status, address = (uint32_t)memory;
    if (how == 0) {
        __asm volatile("ldrex r4, [%1]\n strex %0, r4, [%1]\n" : "=&r"(status) : "r"(address) : "r4", "memory");
    } else if (how == 1) {
        __asm volatile("clrex\n strex %0, %1, [%1]\n" : "=&r"(status) : "r"(address) : "r4", "memory");
    } else if (how == 2) {
        __asm volatile("ldrex r4, [%1]\n clrex\n strex %0, r4, [%1]\n" : "=&r"(status) : "r"(address) : "r4", "memory");
    } else if (how == 3) {
        __asm volatile("ldrex r4, [%1]\n strex %0, r4, [%1]\n strex %0, r4, [%1]\n" : "=&r"(status) : "r"(address) : "r4", "memory");
    } else if (how == 4) {
        __asm volatile("ldrex r4, [%1]\n mov r5, %1\n svc #1\n mov r1, r5\n strex %0, r4, [r1]\n" : "=&r"(status) : "r"(address) : "r0", "r1", "r2", "r3", "r4", "r5", "r12", "lr", "memory");
    } else if (how == 5) {
        __asm volatile("ldrexb r4, [%1]\n strexb %0, r4, [%1]\n" : "=&r"(status) : "r"(address) : "r4", "memory");
    } else {
        __asm volatile("ldrexh r4, [%1]\n mov r5, %1\n svc #1\n mov r1, r5\n strexh %0, r4, [r1]\n" : "=&r"(status) : "r"(address) : "r0", "r1", "r2", "r3", "r4", "r5", "r12", "lr", "memory");
    }
    return status;
}

static void exclusives(void) {
    static const uint8_t wanted[] = {0, 1, 1, 1, 1, 0, 1};
    fresh();
    for (int how = 0; how < 7; how++) {
        word_of("STREX: plain, alone, behind CLREX, twice, behind SVC, byte, halfword behind SVC", (uint32_t)how, exclusive(how), wanted[how]);
    }
    word("STREX that fails stores nothing", memory[0], 0x1111);
}

static void nmi_inside(Frame *frame) {
    behind_service(frame);
    ICSR = ICSR_NMIPENDSET;
    settle();
    seen[1] = taken;
}

static void nmi(void) {
    fresh();
    interrupts_off();
    actions[HARD_FAULT] = nmi_inside;
    call();
    interrupts_on();
    word("NMI preempts HardFault", entries[1].number, NMI);
    word("at once", seen[1], 2);
    word("ICSR.NMIPENDSET is clear in it", entries[1].icsr & ICSR_NMIPENDSET, 0);
    word("ICSR.VECTACTIVE in it", entries[1].icsr & 0x9FF, NMI);
}

static void cases(void) {
    services();
    privilege();
    stack_pointers();
    service_at_each_place();
    faults_in_it();
    exclusives();
    nmi();
}

PROGRAM(cases)
