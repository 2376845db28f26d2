/* A microbenchmark as the generated table lists it, and what runs it. */
#ifndef MICROBENCH_H
#define MICROBENCH_H

#include <stdint.h>

/* Bits of `modes`. */
#define NO_BTAC 1u
#define NO_ICACHE 2u
#define SLOW 4u
#define ITCM_FLASH 8u /* ACR.ARTEN and PRFTEN are as the next two say, and the accelerator is empty */
#define ART 16u
#define PREFETCH 32u

typedef void (*Loop)(uint32_t iterations);

typedef struct {
    const char *name;
    Loop loop;
    uint32_t modes;
} Microbenchmark;

extern const Microbenchmark microbenchmarks[];
extern const uint32_t microbenchmark_count;
extern uint32_t microbench_buffer[], microbench_sram[];

#endif
