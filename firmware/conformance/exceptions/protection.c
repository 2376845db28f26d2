/* The memory protection unit. Armv7-M ARM B3.5: access permissions, subregions, overlaps, XN, the background, faults of stacking. */
#include "harness.h"

#define MPU_TYPE REG32(0xE000ED90u)
#define MPU_CTRL REG32(0xE000ED94u)
#define MPU_RNR REG32(0xE000ED98u)
#define MPU_RBAR REG32(0xE000ED9Cu)
#define MPU_RASR REG32(0xE000EDA0u)
#define MPU_RBAR_A1 REG32(0xE000EDA4u)
#define MPU_RASR_A1 REG32(0xE000EDA8u)
#define ENABLE 1u
#define HFNMIENA 2u
#define PRIVDEFENA 4u
#define XN (1u << 28)
#define AP(n) ((n) << 24)
#define NORMAL (1u << 17 | 1u << 19) /* C, TEX 1: normal memory */
#define SIZE(log2) (((log2) - 1u) << 1)
#define DACCVIOL (CFSR_DACCVIOL | CFSR_MMARVALID)

static uint32_t area[1024] __attribute__((aligned(4096))) = {1, 2, 3};
#define AREA ((uint32_t)area)

NAKED static uint32_t load(UNUSED uint32_t address) { __asm volatile("ldr r0, [r0]\n movs r0, #1\n bx lr\n"); }
NAKED static uint32_t store(UNUSED uint32_t address) { __asm volatile("str r0, [r0]\n movs r0, #1\n bx lr\n"); }
NAKED static uint32_t user_load(UNUSED uint32_t address) { __asm volatile("ldrt r0, [r0]\n movs r0, #1\n bx lr\n"); }
NAKED static uint32_t user_store(UNUSED uint32_t address) { __asm volatile("strt r0, [r0]\n movs r0, #1\n bx lr\n"); }
NAKED static uint32_t call(UNUSED uint32_t address) { __asm volatile("push {r4, lr}\n blx r0\n pop {r4, pc}\n"); }
NAKED static uint32_t load_many(UNUSED uint32_t address) { __asm volatile("ldmia r0!, {r1, r2, r3}\n movs r0, #1\n bx lr\n"); }

static void refuse(Frame *frame) {
    back_to_caller(frame);
    frame->r0 = 0;
}

static void region(uint32_t number, uint32_t base, uint32_t attributes) {
    MPU_RNR = number;
    MPU_RBAR = base;
    MPU_RASR = attributes;
}

static void protect(uint32_t control) {
    dsb();
    MPU_CTRL = control;
    settle();
}

static void unprotected(void) {
    protect(0);
    for (uint32_t n = 0; n < 8; n++) {
        region(n, 0, 0);
    }
    fresh();
    for (unsigned n = HARD_FAULT; n <= USAGE_FAULT; n++) {
        actions[n] = refuse;
    }
}

static void registers(void) {
    unprotected();
    word("MPU_TYPE: eight regions", MPU_TYPE, 0x800);
    region(5, 0x20001000, AP(3u) | NORMAL | SIZE(12) | ENABLE);
    word("RBAR reads its region", MPU_RBAR, 0x20001005);
    word("RASR", MPU_RASR, AP(3u) | NORMAL | SIZE(12) | ENABLE);
    MPU_RBAR = 0x20002000 | 1u << 4 | 3;
    word("RBAR with VALID chooses the region", MPU_RNR, 3);
    MPU_RASR = AP(1u) | SIZE(13) | ENABLE;
    MPU_RNR = 5;
    word("and leaves the others", MPU_RASR, AP(3u) | NORMAL | SIZE(12) | ENABLE);
    MPU_RBAR_A1 = 0x20004000 | 1u << 4 | 6;
    MPU_RASR_A1 = AP(2u) | SIZE(14);
    MPU_RNR = 6;
    word("the alias writes RBAR", MPU_RBAR, 0x20004006);
    word("and RASR", MPU_RASR, AP(2u) | SIZE(14));
    word("CTRL keeps three bits", (MPU_CTRL = 6, MPU_CTRL), 6);
    MPU_CTRL = 0;
}

/* Bits: privileged load, privileged store, unprivileged load, unprivileged store. */
static uint32_t allowed(uint32_t address) {
    return load(address) | store(address) << 1 | user_load(address) << 2 | user_store(address) << 3;
}

static void permissions(void) {
    static const uint8_t wanted[] = {0, 3, 7, 15, 0xFF, 1, 5, 5};
    for (uint32_t ap = 0; ap < 8; ap++) {
        if (wanted[ap] == 0xFF) {
            continue; /* reserved */
        }
        unprotected();
        region(0, AREA, AP(ap) | NORMAL | SIZE(12) | ENABLE);
        protect(ENABLE | PRIVDEFENA);
        const uint32_t result = allowed(AREA + 0x10);
        protect(0);
        word_of("what AP allows", ap, result, wanted[ap]);
    }
    unprotected();
    region(0, AREA, AP(0u) | NORMAL | SIZE(12));
    protect(ENABLE | PRIVDEFENA);
    const uint32_t off = load(AREA);
    const uint32_t background = user_load(AREA);
    protect(0);
    word("a region that is off forbids nothing", off, 1);
    word("the background is the privileged one's", background, 0);
}

static void judge(const char *text, uint32_t cfsr, uint32_t address, uint32_t pc) {
    part_of(text, NO_INDEX, "exception", entries[0].number, MEM_MANAGE);
    part_of(text, NO_INDEX, "status", entries[0].cfsr, cfsr);
    if (cfsr & CFSR_MMARVALID) {
        part_of(text, NO_INDEX, "address", entries[0].mmfar, address);
    }
    part_of(text, NO_INDEX, "return address", entries[0].frame.pc, pc & ~1u);
}

static void statuses(void) {
    unprotected();
    region(0, AREA, AP(0u) | NORMAL | SIZE(12) | ENABLE);
    protect(ENABLE | PRIVDEFENA);
    load(AREA + 0x44);
    protect(0);
    judge("a forbidden load", DACCVIOL, AREA + 0x44, (uint32_t)load);
    unprotected();
    region(0, AREA, AP(6u) | NORMAL | SIZE(12) | ENABLE);
    protect(ENABLE | PRIVDEFENA);
    area[32] = area[32] + 0;
    store(AREA + 0x80);
    protect(0);
    word("a forbidden store is of the first fault", entries[0].cfsr, DACCVIOL);
    unprotected();
    area[32] = 77;
    region(0, AREA, AP(6u) | NORMAL | SIZE(12) | ENABLE);
    protect(ENABLE | PRIVDEFENA);
    store(AREA + 0x80);
    protect(0);
    judge("a store to what may be read only", DACCVIOL, AREA + 0x80, (uint32_t)store);
    word("and it stores nothing", area[32], 77);
    unprotected();
    region(0, AREA + 0x20, AP(0u) | NORMAL | SIZE(5) | ENABLE);
    protect(ENABLE | PRIVDEFENA);
    const uint32_t before = load(AREA + 0x1C), behind = load(AREA + 0x40), inside = load(AREA + 0x3C);
    protect(0);
    word("32 bytes: the word before", before, 1);
    word("32 bytes: the word behind", behind, 1);
    word("32 bytes: the last one inside", inside, 0);
    unprotected();
    region(0, AREA + 0x20, AP(0u) | NORMAL | SIZE(5) | ENABLE);
    protect(ENABLE | PRIVDEFENA);
    const uint32_t many = load_many(AREA + 0x18);
    protect(0);
    word("an LDM into a forbidden place", many, 0);
    word("an LDM into a forbidden place: address", entries[0].mmfar, AREA + 0x20);
    word("an LDM into a forbidden place: base", entries[0].frame.r0, AREA + 0x18);
    unprotected();
    SHCSR &= ~SHCSR_MEMFAULTENA;
    region(0, AREA, AP(0u) | NORMAL | SIZE(12) | ENABLE);
    protect(ENABLE | PRIVDEFENA);
    load(AREA + 8);
    protect(0);
    SHCSR |= FAULTS_ENABLED;
    settle();
    word("MemManage that is not enabled", entries[0].number, HARD_FAULT);
    word("MemManage that is not enabled: HFSR", entries[0].hfsr, HFSR_FORCED);
    word("MemManage that is not enabled: CFSR", entries[0].cfsr, DACCVIOL);
}

static void subregions(void) {
    static const uint8_t masks[] = {0x00, 0x01, 0x5A, 0x80, 0xFF};
    for (uint32_t m = 0; m < sizeof masks; m++) {
        unprotected();
        region(0, AREA, AP(3u) | NORMAL | (uint32_t)masks[m] << 8 | SIZE(12) | ENABLE);
        protect(ENABLE | PRIVDEFENA);
        uint32_t open = 0;
        for (uint32_t n = 0; n < 8; n++) {
            open |= user_load(AREA + 512 * n + 4) << n;
        }
        protect(0);
        word_of("SRD: subregions that remain", masks[m], open, (uint32_t)(uint8_t)~masks[m]);
    }
    unprotected();
    region(2, AREA, AP(3u) | NORMAL | SIZE(12) | ENABLE);
    region(4, AREA, AP(0u) | NORMAL | 0x0Fu << 8 | SIZE(12) | ENABLE);
    protect(ENABLE | PRIVDEFENA);
    const uint32_t first = allowed(AREA), last = allowed(AREA + 2048);
    protect(0);
    word("through a disabled subregion the lower region shows", first, 15);
    word("elsewhere the higher number has its way", last, 0);
    unprotected();
    region(2, AREA, AP(0u) | NORMAL | SIZE(12) | ENABLE);
    region(4, AREA + 1024, AP(3u) | NORMAL | SIZE(10) | ENABLE);
    protect(ENABLE | PRIVDEFENA);
    const uint32_t outside = allowed(AREA + 1020), within = allowed(AREA + 1024), beyond = allowed(AREA + 2048);
    protect(0);
    word("a small open region in a closed one: before", outside, 0);
    word("a small open region in a closed one: inside", within, 15);
    word("a small open region in a closed one: behind", beyond, 0);
}

static void execution(void) {
    area[0] = 0x47702001; /* MOVS R0, #1; BX LR */
    dsb();
    REG32(0xE000EF50u) = 0;
    settle();
    unprotected();
    region(0, AREA, AP(3u) | NORMAL | SIZE(12) | ENABLE);
    protect(ENABLE | PRIVDEFENA);
    const uint32_t ran = call(AREA | 1);
    protect(0);
    word("code in a region", ran, 1);
    unprotected();
    region(0, AREA, AP(3u) | XN | NORMAL | SIZE(12) | ENABLE);
    protect(ENABLE | PRIVDEFENA);
    const uint32_t refused = call(AREA | 1);
    const uint32_t data = allowed(AREA + 32);
    protect(0);
    word("code in an XN region", refused, 0);
    judge("code in an XN region", CFSR_IACCVIOL, 0, AREA);
    word("data in an XN region", data, 15);
    unprotected();
    region(0, AREA, AP(0u) | NORMAL | SIZE(12) | ENABLE);
    protect(ENABLE | PRIVDEFENA);
    call(AREA | 1);
    protect(0);
    judge("code in a region that nobody may read", CFSR_IACCVIOL, 0, AREA);
    unprotected();
    protect(ENABLE | PRIVDEFENA);
    call(0x40000001);
    protect(0);
    judge("code in a peripheral, by the background", CFSR_IACCVIOL, 0, 0x40000000);
}

static void background(void) {
    unprotected();
    region(0, 0, AP(3u) | NORMAL | SIZE(29) | ENABLE);          /* code */
    region(1, 0x20000000, AP(3u) | NORMAL | SIZE(20) | ENABLE); /* data */
    protect(ENABLE);
    const uint32_t within = load(AREA);
    const uint32_t scs = MPU_CTRL;
    const uint32_t without = load(0x60000000);
    protect(0);
    word("without PRIVDEFENA: in a region", within, 1);
    word("without PRIVDEFENA: the System Control Space", scs, ENABLE);
    word("without PRIVDEFENA: elsewhere", without, 0);
    judge("without PRIVDEFENA", DACCVIOL, 0x60000000, (uint32_t)load);
}

static volatile uint32_t result;

static void load_forbidden(Frame *frame) {
    (void)frame;
    result = load(AREA);
}

static void negative_priorities(void) {
    unprotected();
    actions[NMI] = load_forbidden;
    region(0, AREA, AP(0u) | NORMAL | SIZE(12) | ENABLE);
    protect(ENABLE | PRIVDEFENA);
    result = 0;
    ICSR = ICSR_NMIPENDSET;
    settle();
    const uint32_t in_nmi = result;
    __asm volatile("cpsid f" ::: "memory");
    const uint32_t masked = load(AREA);
    __asm volatile("cpsie f" ::: "memory");
    const uint32_t after = load(AREA);
    protect(0);
    word("without HFNMIENA the MPU is off in NMI", in_nmi, 1);
    word("and under FAULTMASK", masked, 1);
    word("and on again behind it", after, 0);
    unprotected();
    actions[NMI] = load_forbidden;
    region(0, AREA, AP(1u) | NORMAL | SIZE(12) | ENABLE);
    protect(ENABLE | PRIVDEFENA | HFNMIENA);
    result = 0;
    ICSR = ICSR_NMIPENDSET;
    settle();
    protect(0);
    word("with it, what is allowed is allowed in NMI", result, 1);
}

KEPT static volatile uint32_t found[8];

/* MemManage: notes its status, makes a frame on the main stack and goes on there. */
NAKED static void stack_fault(void) {
    __asm volatile(
        "ldr r0, =0xE000ED28\n"
        "ldr r1, [r0]\n"
        "str r1, [r0]\n"
        "ldr r2, =found\n"
        "mrs r3, ipsr\n"
        "stmia r2!, {r1, r3, lr}\n"
        "ldr r0, =0xE000ED24\n"
        "ldr r1, [r0]\n"
        "mrs r3, psp\n"
        "stmia r2!, {r1, r3}\n"
        "bic r1, r1, #0xA000\n" /* neither SVCall nor MemManage waits any longer */
        "str r1, [r0]\n"
        "sub sp, #32\n"
        "ldr r0, =behind_call\n"
        "str r0, [sp, #24]\n"
        "mov r0, #0x01000000\n"
        "str r0, [sp, #28]\n"
        "dsb\n"
        "mvn lr, #6\n"
        "bx lr\n"
        ".ltorg\n");
}

NAKED static void call_on(UNUSED uint32_t stack) {
    __asm volatile(
        "push {r4, lr}\n"
        "mrs r4, control\n"
        "msr psp, r0\n"
        "bic r4, r4, #4\n"
        "orr r4, r4, #2\n"
        "msr control, r4\n"
        "isb\n"
        "svc #1\n"
        ".global behind_call\n behind_call:\n"
        "pop {r4, pc}\n");
}

NAKED static void move_stack(void) {
    __asm volatile("ldr r0, =area + 0x200\n msr psp, r0\n bx lr\n .ltorg\n");
}

static void stacking(void) {
    unprotected();
    set_handler(MEM_MANAGE, stack_fault);
    region(0, AREA, AP(0u) | NORMAL | SIZE(12) | ENABLE);
    protect(ENABLE | PRIVDEFENA);
    call_on(AREA + 0x200);
    protect(0);
    word("stacking into a forbidden place: status", found[0], 1u << 4);
    word("stacking into a forbidden place: exception", found[1], MEM_MANAGE);
    word("stacking into a forbidden place: EXC_RETURN", found[2], 0xFFFFFFFD);
    word("the supervisor call waits", found[3] & 1u << 15, 1u << 15);
    word("the stack pointer has moved", found[4], AREA + 0x200 - 32);
    unprotected();
    SHPR(MEM_MANAGE) = 0x80;
    region(0, AREA, AP(0u) | NORMAL | SIZE(12) | ENABLE);
    protect(ENABLE | PRIVDEFENA);
    memset((void *)found, 0, sizeof found);
    set_handler(SV_CALL, stack_fault);
    call_on(AREA + 0x200);
    protect(0);
    word("with MemManage lower than SVCall: SVCall first", found[1], SV_CALL);
    word("and MemManage waits", found[3] & 1u << 13, 1u << 13);
    unprotected();
    set_handler(MEM_MANAGE, stack_fault);
    set_handler(SV_CALL, move_stack);
    region(0, AREA, AP(0u) | NORMAL | SIZE(12) | ENABLE);
    static uint32_t stack[64] __attribute__((aligned(8)));
    protect(ENABLE | PRIVDEFENA);
    call_on((uint32_t)(stack + 64));
    protect(0);
    word("unstacking from a forbidden place: status", found[0], 1u << 3);
    word("unstacking from a forbidden place: exception", found[1], MEM_MANAGE);
    word("unstacking from a forbidden place: EXC_RETURN", found[2], 0xFFFFFFFD);
    set_handler(MEM_MANAGE, capture);
    set_handler(SV_CALL, capture);
}

static void cases(void) {
    registers();
    permissions();
    statuses();
    subregions();
    execution();
    background();
    negative_priorities();
    stacking();
}

PROGRAM(cases)
