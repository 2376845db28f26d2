/* Dot product of bytes: two loads, a multiply-accumulate and a branch an element. */
#include "speed.h"

#define LENGTH 1024

const uint32_t usual_iterations = 100000;

static int8_t left[LENGTH], right[LENGTH];

__attribute__((noinline)) static int32_t dot(const int8_t *a, const int8_t *b, int length) {
    int32_t sum = 0;
    for (int i = 0; i < length; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

uint32_t loop(uint32_t iterations) {
    for (int i = 0; i < LENGTH; i++) {
        left[i] = (int8_t)(i * 37 + 11);
        right[i] = (int8_t)(i * 91 + 5);
    }
    uint32_t checksum = 0;
    for (uint32_t i = 0; i < iterations; i++) {
        left[i % LENGTH] = (int8_t)i;
        checksum = checksum * 31 + (uint32_t)dot(left, right, LENGTH);
    }
    return checksum;
}
