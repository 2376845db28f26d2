/* A preemptive scheduler: SysTick makes tasks ready, PendSV changes to the one of the highest priority, semaphores and a queue
   connect them and an interrupt, WFI sleeps where nobody is ready. Task numbers are priorities, 1 the highest. */
#include "scheduler.h"

enum { CONTROL = 1, SERVANT, PRODUCER, CONSUMER, HOG, IDLE, TASKS };

#define INTERRUPT 20u
#define QUEUE 4u

void SysTick_Handler(void);
void PendSV_Handler(void);

static Stack stacks[TASKS] __attribute__((aligned(8)));
static uint32_t *stack_of[TASKS];
static volatile uint32_t wake[TASKS], ready, current, switches;
static volatile uint32_t runs[TASKS], latest[TASKS];

typedef struct {
    volatile uint32_t count, waiting; /* a bit a task */
} Semaphore;

static Semaphore asked, filled, empty = {QUEUE, 0};
static volatile uint32_t queue[QUEUE], queue_in, queue_out, out_of_order, gives, preempted, wrong_sums;

static uint32_t lock(void) {
    const uint32_t before = primask();
    interrupts_off();
    return before;
}

static void unlock(uint32_t before) {
    if (!before) {
        interrupts_on();
    }
}

static void note(uint32_t value) {
    const uint32_t before = lock();
    mix(value);
    unlock(before);
}

static uint32_t best(void) {
    return (uint32_t)__builtin_ctz(ready);
}

static void reschedule(void) {
    if (best() != current) {
        ICSR = ICSR_PENDSVSET;
        dsb();
    }
}

KEPT static uint32_t *choose(uint32_t *stack) {
    const uint32_t before = lock();
    stack_of[current] = stack;
    preempted += current == HOG && ready >> HOG & 1u;
    current = best();
    switches++;
    mix(current << 24 ^ ticks);
    unlock(before);
    return stack_of[current];
}

NAKED void PendSV_Handler(void) {
    __asm volatile(SWITCH);
}

void SysTick_Handler(void) {
    if (!running) {
        return;
    }
    count_tick();
    const uint32_t before = lock();
    for (uint32_t task = 1; task < IDLE; task++) {
        if (wake[task] == ticks) {
            ready |= 1u << task;
        }
    }
    if (ticks % 5u == 0) {
        pend_interrupt(INTERRUPT);
    }
    reschedule();
    unlock(before);
}

static void block(void) {
    ready &= ~(1u << current);
    reschedule();
}

static void sleep_until(uint32_t tick) {
    const uint32_t before = lock();
    if ((int32_t)(tick - ticks) > 0) {
        wake[current] = tick;
        block();
    }
    unlock(before);
    isb();
}

static void give(Semaphore *semaphore) {
    const uint32_t before = lock();
    if (semaphore->waiting) {
        const uint32_t task = (uint32_t)__builtin_ctz(semaphore->waiting);
        semaphore->waiting &= ~(1u << task);
        ready |= 1u << task;
        reschedule();
    } else {
        semaphore->count++;
    }
    unlock(before);
    isb();
}

static void take(Semaphore *semaphore) {
    const uint32_t before = lock();
    if (semaphore->count) {
        semaphore->count--;
    } else {
        semaphore->waiting |= 1u << current;
        block();
    }
    unlock(before);
    isb();
}

static void wait_for_period(uint32_t task, uint32_t period) {
    const uint32_t time = (runs[task] + 1u) * period;
    sleep_until(time);
    const uint32_t late = ticks - time;
    if (late > latest[task]) {
        latest[task] = late;
    }
    runs[task]++;
}

static void interrupt(void) {
    gives++;
    give(&asked);
    dsb();
}

static void control_loop(void) {
    float sum = 0;
    for (;;) {
        wait_for_period(CONTROL, 2);
        sum += turn(1.0f, (float)(runs[CONTROL] & 7u), 40);
        note(bits_of(sum));
        sum = sum > 500.0f ? 0 : sum;
    }
}

static void servant(void) {
    uint32_t value = 7;
    for (;;) {
        take(&asked);
        runs[SERVANT]++;
        value = crc(value, 10);
        note(value);
    }
}

static void producer(void) {
    for (;;) {
        wait_for_period(PRODUCER, 3);
        for (uint32_t i = 0; i < 6; i++) {
            take(&empty);
            queue[queue_in % QUEUE] = crc(queue_in, 3);
            queue_in++;
            give(&filled);
        }
    }
}

static void consumer(void) {
    for (;;) {
        take(&filled);
        out_of_order += queue[queue_out % QUEUE] != crc(queue_out, 3);
        queue_out++;
        runs[CONSUMER]++;
        give(&empty);
    }
}

/* Longer than a tick, so that it is preempted in the middle of its FP work. */
static void hog(void) {
    uint32_t first = 0;
    for (;;) {
        wait_for_period(HOG, 8);
        float sum = 0;
        for (uint32_t i = 0; i < 24; i++) {
            sum += turn((float)i, 2.0f, 200);
        }
        first = first ? first : bits_of(sum);
        wrong_sums += bits_of(sum) != first;
        note(bits_of(sum));
    }
}

KEPT static void judge(void) {
    static const uint8_t periods[TASKS] = {[CONTROL] = 2, [PRODUCER] = 3, [HOG] = 8};
    const uint32_t at = ticks;
    judge_ticks();
    for (uint32_t task = 1; task < TASKS; task++) {
        char text[64];
        if (periods[task]) {
            snprintf(text, sizeof text, "task %lu ran once a period", (unsigned long)task);
            claim_equal(text, runs[task], at / periods[task]);
        }
    }
    claim_equal("the control loop was never late", latest[CONTROL], 0);
    claim_equal("interrupts: one in five ticks", gives, at / 5u);
    claim_equal("no wake-up by the interrupt was lost", runs[SERVANT], gives);
    claim_equal("the queue: six a period", queue_in, 6u * (at / 3u));
    claim_equal("the queue: everything came out", queue_out, queue_in);
    claim_equal("the queue: in order", out_of_order, 0);
    claim_equal("the queue: its places are free", empty.count, QUEUE);
    claim("the long task was preempted", preempted > at / 16u);
    claim_equal("and its FP work came out the same each time", wrong_sums, 0);
    claim("the run was as long as wanted", at >= run_ticks && at <= run_ticks + 8u);
    judge_stacks(stacks + 1, TASKS - 1);
    printf("switches %lu digest %08lx\n", (unsigned long)switches, (unsigned long)digest);
    exit(verdict());
}

static void idle(void) {
    start_ticks();
    ready = 0x7E;
    reschedule();
    for (;;) {
        interrupts_off();
        if (ready == 1u << IDLE && ticks >= run_ticks) {
            interrupts_on();
            leave_for(judge);
        }
        if (ready == 1u << IDLE) {
            wfi();
        }
        interrupts_on();
        runs[IDLE]++;
    }
}

int main(void) {
    static void (*const tasks[TASKS])(void) = {0, control_loop, servant, producer, consumer, hog, idle};
    static uint32_t table[16 + 98] __attribute__((aligned(512)));
    board_flush();
    memcpy(table, (const void *)VTOR, sizeof table);
    table[16 + INTERRUPT] = (uint32_t)interrupt;
    dsb();
    VTOR = (uint32_t)table;
    for (uint32_t task = 1; task < TASKS; task++) {
        stack_of[task] = prepare(&stacks[task], tasks[task]);
        wake[task] = NEVER;
    }
    SHPR(14) = 0xF0;
    SHPR(15) = 0xF0;
    NVIC_IPR(INTERRUPT) = 0x80;
    enable_interrupt(INTERRUPT);
    ready = 1u << IDLE;
    current = IDLE;
    become((uint32_t *)(stacks + TASKS), idle);
}
