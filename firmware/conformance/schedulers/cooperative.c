/* A cooperative scheduler: tasks give their turn away by SVC and name the tick at which they want it back.
   Each task of a period must have run once a period when nothing is due any longer, and the mail must be complete. */
#include "scheduler.h"

enum { IDLE, EVERY_TICK, EVERY_2, EVERY_5, EVERY_7, SENDER, RECEIVER, TASKS };

static Stack stacks[TASKS] __attribute__((aligned(8)));
static uint32_t *stack_of[TASKS];
static volatile uint32_t wake[TASKS], current, switches;
static uint32_t runs[TASKS], latest[TASKS];

static volatile uint32_t letters[8], sent, received, out_of_order;

void SysTick_Handler(void);
void SVC_Handler(void);

void SysTick_Handler(void) {
    if (running) {
        count_tick();
    }
    dsb();
}

static int due(uint32_t task) {
    return (int32_t)(ticks - wake[task]) >= 0;
}

/* The next one that is due, in turn; IDLE where none is. */
KEPT static uint32_t *choose(uint32_t *stack) {
    stack_of[current] = stack;
    uint32_t next = IDLE;
    for (uint32_t i = 1; i < TASKS; i++) {
        const uint32_t task = 1u + (current + i - 1u) % (TASKS - 1u);
        if (due(task)) {
            next = task;
            break;
        }
    }
    current = next;
    switches++;
    mix(next << 24 ^ ticks);
    return stack_of[next];
}

NAKED void SVC_Handler(void) {
    __asm volatile(SWITCH);
}

NAKED static void yield(void) {
    __asm volatile("svc #0\n bx lr\n");
}

static void sleep_until(uint32_t tick) {
    wake[current] = tick;
    yield();
}

/* Bookkeeping of a periodic task; returns at its next time. */
static void wait_for_period(uint32_t task, uint32_t period) {
    const uint32_t time = (runs[task] + 1u) * period;
    sleep_until(time);
    const uint32_t late = ticks - time;
    if (late > latest[task]) {
        latest[task] = late;
    }
    runs[task]++;
}

static void every_tick(void) {
    float sum = 0;
    for (;;) {
        wait_for_period(EVERY_TICK, 1);
        sum += turn(3.0f, (float)(runs[EVERY_TICK] & 15u), 20);
        mix(bits_of(sum));
        sum = sum > 1000.0f ? 0 : sum;
    }
}

static void every_2(void) {
    uint32_t value = 1;
    for (;;) {
        wait_for_period(EVERY_2, 2);
        value = crc(value, 40);
        mix(value);
    }
}

static void every_5(void) {
    uint64_t product = 1;
    for (;;) {
        wait_for_period(EVERY_5, 5);
        product = product * 6364136223846793005ull + runs[EVERY_5];
        mix((uint32_t)(product >> 32) / (runs[EVERY_5] | 1u));
    }
}

/* A long job in pieces. */
static void every_7(void) {
    float sum = 0;
    for (;;) {
        wait_for_period(EVERY_7, 7);
        for (int piece = 0; piece < 6; piece++) {
            sum += turn((float)piece, 1.0f, 700);
            wake[EVERY_7] = ticks;
            yield();
        }
        mix(bits_of(sum));
        sum = 0;
    }
}

static void sender(void) {
    for (;;) {
        wait_for_period(SENDER, 3);
        letters[sent % 8u] = sent * 17u;
        sent++;
        wake[RECEIVER] = ticks;
    }
}

static void receiver(void) {
    for (;;) {
        while (received != sent) {
            out_of_order += letters[received % 8u] != received * 17u;
            received++;
            runs[RECEIVER]++;
        }
        sleep_until(ticks + NEVER);
    }
}

KEPT static void judge(void) {
    static const uint8_t periods[TASKS] = {[EVERY_TICK] = 1, [EVERY_2] = 2, [EVERY_5] = 5, [EVERY_7] = 7, [SENDER] = 3};
    const uint32_t at = ticks;
    judge_ticks();
    for (uint32_t task = 1; task < TASKS; task++) {
        char text[64];
        if (periods[task]) {
            snprintf(text, sizeof text, "task %lu ran once a period", (unsigned long)task);
            claim_equal(text, runs[task], at / periods[task]);
            snprintf(text, sizeof text, "task %lu was never two ticks late", (unsigned long)task);
            claim(text, latest[task] < 2);
        }
    }
    claim_equal("every letter was received", received, sent);
    claim_equal("in order", out_of_order, 0);
    claim("the run was as long as wanted", at >= run_ticks && at <= run_ticks + 8u);
    judge_stacks(stacks, TASKS);
    printf("switches %lu digest %08lx\n", (unsigned long)switches, (unsigned long)digest);
    exit(verdict());
}

/* Between the look and the sleep no tick is lost: it stays pending, and WFI ends. */
static void idle(void) {
    start_ticks();
    for (;;) {
        interrupts_off();
        int nobody = 1;
        for (uint32_t task = 1; task < TASKS; task++) {
            nobody &= !due(task);
        }
        if (nobody && ticks >= run_ticks) {
            interrupts_on();
            leave_for(judge);
        }
        if (nobody) {
            wfi();
        }
        interrupts_on();
        runs[IDLE]++;
        yield();
    }
}

int main(void) {
    static void (*const tasks[TASKS])(void) = {idle, every_tick, every_2, every_5, every_7, sender, receiver};
    board_flush();
    for (uint32_t task = 0; task < TASKS; task++) {
        stack_of[task] = prepare(&stacks[task], tasks[task]);
        wake[task] = 0;
    }
    become((uint32_t *)(stacks + 1), idle);
}
