/* Runs one loop; prints its checksum, and its cycles where the platform counts them. */
#include <stdio.h>

#include "board.h"
#include "speed.h"

/* 0: the loop's usual number. Initialised, so that another number can be written into the ELF. */
#ifndef ITERATIONS
#define ITERATIONS 0
#endif
extern const volatile uint32_t iterations;
__attribute__((used)) const volatile uint32_t iterations = ITERATIONS;

int main(void) {
    const uint32_t wanted = iterations, count = wanted ? wanted : usual_iterations;
    const uint32_t before = board_cycles();
    const uint32_t checksum = loop(count);
    const uint32_t cycles = board_cycles() - before;
    printf("iterations %lu\nchecksum %08lx\n", (unsigned long)count, (unsigned long)checksum);
    if (cycles) {
        printf("cycles %lu\n", (unsigned long)cycles);
    }
    return 0;
}
