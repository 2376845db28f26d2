/* SVC with its number and arguments, PendSV behind nested interrupts, threads on the process stack, a switch between two tasks. */
#include <string.h>

#include "board.h"
#include "core.h"
#include "selftest.h"

#define FIRST_IRQ 20u
#define SECOND_IRQ 21u
#define STACK_WORDS 128u

typedef struct {
    uint32_t r0, r1, r2, r3, r12, lr, pc, xpsr;
} Frame;

static char order[32];
static volatile uint32_t length;
static volatile uint32_t service, result_of_call, return_code;
static uint32_t process_stack[STACK_WORDS] __attribute__((aligned(8)));

static void note(char letter) {
    order[length++] = letter;
}

static void forget(void) {
    memset(order, 0, sizeof order);
    length = 0;
}

/* SVC: the number is in the instruction before the stacked address, arguments and result in the frame. */

__attribute__((naked)) void SVC_Handler(void) {
    __asm volatile(
        "tst lr, #4\n"
        "ite eq\n"
        "mrseq r0, msp\n"
        "mrsne r0, psp\n"
        "mov r1, lr\n"
        "b supervisor_call\n");
}

__attribute__((used)) void supervisor_call(Frame *frame, uint32_t exc_return) {
    service = ((const uint8_t *)frame->pc)[-2];
    return_code = exc_return;
    frame->r0 = frame->r0 * 1000u + frame->r1 * 100u + frame->r2 * 10u + frame->r3;
    note('S');
    if (service == 7) {
        ICSR = ICSR_PENDSVSET;
        note('s');
    }
    if (service == 1) {
        __asm volatile("msr control, %0\nisb" ::"r"(0) : "memory");
    }
}

__attribute__((naked, noinline)) static uint32_t call_42(UNUSED uint32_t a, UNUSED uint32_t b, UNUSED uint32_t c, UNUSED uint32_t d) {
    __asm volatile("svc #42\nbx lr\n" ::: "memory");
}

__attribute__((naked, noinline)) static uint32_t call_7(void) {
    __asm volatile("svc #7\nbx lr\n" ::: "memory");
}

static void calls_a_supervisor(void) {
    forget();
    result_of_call = call_42(1, 2, 3, 4);
    claim_equal("SVC's number stands before the stacked address", service, 42);
    claim_equal("arguments and result travel in the frame", result_of_call, 1234);
    claim_equal("EXC_RETURN from a thread on the main stack", return_code | 0x10u, 0xFFFFFFF9u);
}

/* An SVC that its condition skips does not happen. */
static void calls_under_a_condition(void) {
    uint32_t taken = 1, skipped = 5;
    service = 0;
    __asm volatile(
        "movs r0, #0\n"
        "cmp r0, #0\n"
        "it ne\n"
        "svcne #9\n"
        "mov %0, r0\n"
        : "=r"(skipped)
        :
        : "r0", "r1", "r2", "r3", "r12", "cc", "memory");
    claim("SVC under a false condition does nothing", service == 0 && skipped == 0);
    __asm volatile(
        "movs r0, #0\n"
        "movs r1, #0\n"
        "movs r2, #0\n"
        "movs r3, #6\n"
        "cmp r1, #0\n"
        "itet eq\n"
        "svceq #9\n"
        "addne r0, r0, #100\n"
        "addeq r0, r0, #1\n"
        "mov %0, r0\n"
        : "=r"(taken)
        :
        : "r0", "r1", "r2", "r3", "r12", "cc", "memory");
    claim_equal("SVC in the middle of an IT block: the block goes on", taken, 7);
}

/* The first interrupt has priority 0x80, the second 0x40, PendSV the lowest, SVC the highest. */

static void first_interrupt(void) {
    note('A');
    ICSR = ICSR_PENDSVSET;
    pend_interrupt(SECOND_IRQ);
    dsb();
    isb();
    note('a');
}

static void second_interrupt(void) {
    note('B');
    ICSR = ICSR_PENDSVSET;
    dsb();
    isb();
    note('b');
}

__attribute__((used)) static volatile uint32_t switching;
__attribute__((used)) static volatile uint32_t *volatile other_stack;

__attribute__((used)) void pended(void) {
    note('P');
}

/* While `switching`, R4 to R11, EXC_RETURN and the process stack change places with the other task's. */
__attribute__((naked)) void PendSV_Handler(void) {
    __asm volatile(
        "ldr r0, =switching\n"
        "ldr r0, [r0]\n"
        "cbz r0, 1f\n"
        "mrs r0, psp\n"
        "stmdb r0!, {r4-r11, lr}\n"
        "ldr r1, =other_stack\n"
        "ldr r2, [r1]\n"
        "str r0, [r1]\n"
        "ldmia r2!, {r4-r11, lr}\n"
        "msr psp, r2\n"
        "bx lr\n"
        "1: b pended\n"
        ".ltorg\n");
}

/* The platforms name interrupts differently: here they are numbers in a table in RAM. */
static uint32_t table[16 + 98] __attribute__((aligned(512)));

static void take_interrupts(void) {
    memcpy(table, (const void *)VTOR, sizeof table);
    table[16 + FIRST_IRQ] = (uint32_t)first_interrupt;
    table[16 + SECOND_IRQ] = (uint32_t)second_interrupt;
    dsb();
    VTOR = (uint32_t)table;
    dsb();
    isb();
    NVIC_IPR(FIRST_IRQ) = 0x80;
    NVIC_IPR(SECOND_IRQ) = 0x40;
    SHPR(14) = 0xF0;
    enable_interrupt(FIRST_IRQ);
    enable_interrupt(SECOND_IRQ);
}

static void settle(void) {
    dsb();
    isb();
}

static void claim_order(const char *text, const char *wanted) {
    const int holds = strcmp(order, wanted) == 0;
    if (!holds) {
        printf("order %s wanted %s\n", order, wanted);
    }
    claim(text, holds);
    forget();
}

static void nests_and_chains(void) {
    forget();
    pend_interrupt(FIRST_IRQ);
    settle();
    claim_order("a higher priority interrupts a handler, PendSV follows the last", "ABbaP");

    call_7();
    note('t');
    claim_order("PendSV that SVC pends comes before the thread goes on", "SsPt");

    interrupts_off();
    pend_interrupt(FIRST_IRQ);
    pend_interrupt(SECOND_IRQ);
    settle();
    note('m');
    interrupts_on();
    isb();
    claim_order("of two that wait the higher priority comes first", "mBbABbaP");

    NVIC_IPR(SECOND_IRQ) = 0x80;
    interrupts_off();
    pend_interrupt(SECOND_IRQ);
    pend_interrupt(FIRST_IRQ);
    interrupts_on();
    isb();
    claim_order("of equal priorities the lower number comes first", "AaBbP");
    NVIC_IPR(SECOND_IRQ) = 0x40;
}

static void masks_by_priority(void) {
    const uint32_t base = 0x80, none = 0;
    __asm volatile("msr basepri, %0" ::"r"(base) : "memory");
    pend_interrupt(FIRST_IRQ);
    pend_interrupt(SECOND_IRQ);
    settle();
    note('m');
    __asm volatile("msr basepri, %0" ::"r"(none) : "memory");
    isb();
    claim_order("BASEPRI masks its own priority and lower ones", "BbmABbaP");

    AIRCR = AIRCR_VECTKEY | 7u << 8;
    pend_interrupt(FIRST_IRQ);
    settle();
    AIRCR = AIRCR_VECTKEY;
    claim_order("with PRIGROUP 7 nothing preempts", "AaBbP");
}

/* Calls on a stack: process stack, and CONTROL's low bits meanwhile. */
__attribute__((naked, noinline)) static void call_with(UNUSED void (*function)(void), UNUSED uint32_t *stack, UNUSED uint32_t control) {
    __asm volatile(
        "push {r4, lr}\n"
        "mrs r4, control\n"
        "msr psp, r1\n"
        "orr r2, r2, r4\n"
        "msr control, r2\n"
        "isb\n"
        "blx r0\n"
        "svc #1\n"
        "msr control, r4\n"
        "isb\n"
        "pop {r4, pc}\n" ::: "memory");
}

static volatile uint32_t main_stack, main_stack_after, process_frame;

static uint32_t stack_pointer(int process) {
    uint32_t value;
    if (process) {
        __asm volatile("mrs %0, psp" : "=r"(value));
    } else {
        __asm volatile("mrs %0, msp" : "=r"(value));
    }
    return value;
}

static void on_the_process_stack(void) {
    main_stack = stack_pointer(0);
    result_of_call = call_42(5, 6, 7, 8);
    process_frame = return_code;
    main_stack_after = stack_pointer(0);
}

static void threads_on_the_process_stack(void) {
    forget();
    process_stack[0] = 0x5AFE5AFE;
    call_with(on_the_process_stack, process_stack + STACK_WORDS, 2);
    claim_equal("SVC from the process stack finds its frame there", result_of_call, 5678);
    claim_equal("EXC_RETURN from a thread on the process stack", process_frame | 0x10u, 0xFFFFFFFDu);
    claim_equal("and the main stack is left alone", main_stack_after, main_stack);
    claim_equal("the process stack has not overflown", process_stack[0], 0x5AFE5AFE);
}

static volatile uint32_t control_inside, primask_inside;

static void without_privilege(void) {
    uint32_t control;
    __asm volatile("mrs %0, control" : "=r"(control));
    control_inside = control;
    __asm volatile("cpsid i\nmsr control, %0\nisb" ::"r"(0) : "memory");
    primask_inside = primask();
    __asm volatile("mrs %0, control" : "=r"(control));
    control_inside |= control << 8;
}

static void runs_without_privilege(void) {
    primask_inside = 1;
    call_with(without_privilege, process_stack + STACK_WORDS, 3);
    claim_equal("an unprivileged thread cannot raise itself", control_inside & 0x0303u, 0x0303u);
    claim_equal("nor mask interrupts", primask_inside, 0);
}

static void note_u(void) {
    note('u');
}

static void stays_masked_without_privilege(void) {
    const uint32_t base = 0x80, none = 0;
    forget();
    __asm volatile("msr basepri, %0" ::"r"(base) : "memory");
    pend_interrupt(FIRST_IRQ);
    call_with(note_u, process_stack + STACK_WORDS, 3);
    note('m');
    __asm volatile("msr basepri, %0" ::"r"(none) : "memory");
    isb();
    claim_order("BASEPRI holds in an unprivileged thread", "uSmABbaP");
}

/* Two tasks. */

static volatile uint32_t second_stack[STACK_WORDS] __attribute__((aligned(8)));

/* Fills R4 to R11 from its argument on, yields, and returns how many of them are as they were. */
__attribute__((naked, noinline)) static uint32_t yield(UNUSED uint32_t first) {
    __asm volatile(
        "push {r4-r11, lr}\n"
        "mov r4, r0\n"
        "add r5, r0, #1\n"
        "add r6, r0, #2\n"
        "add r7, r0, #3\n"
        "add r8, r0, #4\n"
        "add r9, r0, #5\n"
        "add r10, r0, #6\n"
        "add r11, r0, #7\n"
        "mov r12, r0\n"
        "ldr r1, =0xE000ED04\n"
        "mov r2, #0x10000000\n"
        "str r2, [r1]\n"
        "dsb\n"
        "isb\n"
        "movs r0, #0\n"
        "subs r3, r4, r12\n it eq\n addeq r0, r0, #1\n"
        "sub r3, r5, r12\n cmp r3, #1\n it eq\n addeq r0, r0, #1\n"
        "sub r3, r6, r12\n cmp r3, #2\n it eq\n addeq r0, r0, #1\n"
        "sub r3, r7, r12\n cmp r3, #3\n it eq\n addeq r0, r0, #1\n"
        "sub r3, r8, r12\n cmp r3, #4\n it eq\n addeq r0, r0, #1\n"
        "sub r3, r9, r12\n cmp r3, #5\n it eq\n addeq r0, r0, #1\n"
        "sub r3, r10, r12\n cmp r3, #6\n it eq\n addeq r0, r0, #1\n"
        "sub r3, r11, r12\n cmp r3, #7\n it eq\n addeq r0, r0, #1\n"
        "pop {r4-r11, pc}\n"
        ".ltorg\n" ::: "memory");
}

static volatile uint32_t kept;

static void first_task(void) {
    for (uint32_t i = 0; i < 5; i++) {
        note('1');
        kept += yield(100u * i);
    }
}

static void second_task(void) {
    for (uint32_t i = 0;; i++) {
        note('2');
        kept += yield(7000u + 10u * i);
    }
}

static void switches_between_tasks(void) {
    volatile Frame *const frame = (volatile Frame *)(second_stack + STACK_WORDS) - 1;
    frame->pc = (uint32_t)second_task & ~1u;
    frame->xpsr = 1u << 24;
    other_stack = (volatile uint32_t *)frame - 9;
    other_stack[8] = 0xFFFFFFFDu;
    forget();
    kept = 0;
    switching = 1;
    call_with(first_task, process_stack + STACK_WORDS, 2);
    switching = 0;
    order[10] = 0;
    claim_order("two tasks take turns", "1212121212");
    claim_equal("R4 to R11 are each task's own", kept, 9 * 8);
}

int main(void) {
    take_interrupts();
    calls_a_supervisor();
    calls_under_a_condition();
    nests_and_chains();
    masks_by_priority();
    threads_on_the_process_stack();
    runs_without_privilege();
    stays_masked_without_privilege();
    switches_between_tasks();
    return verdict();
}
