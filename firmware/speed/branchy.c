/* Insertion sort of 64 pseudo-random bytes: branches that depend on data, short blocks. */
#include "speed.h"

#define LENGTH 64

const uint32_t usual_iterations = 70000;

static uint8_t bytes[LENGTH];

__attribute__((noinline)) static void sort(uint8_t *values, int length) {
    for (int i = 1; i < length; i++) {
        const uint8_t value = values[i];
        int place = i;
        while (place > 0 && values[place - 1] > value) {
            values[place] = values[place - 1];
            place--;
        }
        values[place] = value;
    }
}

uint32_t loop(uint32_t iterations) {
    uint32_t noise = 1, checksum = 0;
    for (uint32_t i = 0; i < iterations; i++) {
        for (int n = 0; n < LENGTH; n++) {
            noise = noise * 1664525u + 1013904223u;
            bytes[n] = (uint8_t)(noise >> 24);
        }
        sort(bytes, LENGTH);
        checksum = checksum * 31 + bytes[i % LENGTH];
    }
    return checksum;
}
