/* CoreMark's port: ticks are core cycles; one line says iterations and cycles. */
#include "coremark.h"

#include "board.h"

#ifndef ITERATIONS
#define ITERATIONS 20
#endif

volatile ee_s32 seed1_volatile = 0;
volatile ee_s32 seed2_volatile = 0;
volatile ee_s32 seed3_volatile = 0x66;
volatile ee_s32 seed4_volatile = ITERATIONS;
volatile ee_s32 seed5_volatile = 0;
ee_u32 default_num_contexts = 1;

static uint32_t before, after;

void start_time(void) {
    before = board_cycles();
}

void stop_time(void) {
    after = board_cycles();
}

CORE_TICKS get_time(void) {
    return after - before;
}

secs_ret time_in_secs(CORE_TICKS ticks) {
    (void)ticks;
    return 0; /* so that no rate is printed: a second is more than a run takes */
}

void portable_init(core_portable *p, int *argc, char *argv[]) {
    (void)argc;
    (void)argv;
    board_flush();
    p->portable_id = 1;
}

void portable_fini(core_portable *p) {
    p->portable_id = 0;
    printf("measured %d runs %lu cycles\n", ITERATIONS, (unsigned long)(after - before));
}
