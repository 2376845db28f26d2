/* newlib's memcpy of 4 KB, aligned: loads and stores of words, sixteen to a branch. */
#include <string.h>

#include "speed.h"

#define LENGTH 4096

const uint32_t usual_iterations = 200000;

static uint32_t from[LENGTH / 4], to[LENGTH / 4];

uint32_t loop(uint32_t iterations) {
    /* Not known to the compiler, so that it calls memcpy. */
    volatile uint32_t length = LENGTH;
    for (uint32_t i = 0; i < LENGTH / 4; i++) {
        from[i] = i * 2654435761u;
    }
    uint32_t checksum = 0;
    for (uint32_t i = 0; i < iterations; i++) {
        from[i % (LENGTH / 4)] ^= i;
        memcpy(to, from, length);
        checksum = checksum * 31 + to[i * 7 % (LENGTH / 4)];
    }
    return checksum;
}
