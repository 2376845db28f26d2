/* Dot product of bytes as CMSIS-NN does it: four at once by SXTB16 and SMLAD. */
#include <string.h>

#include "speed.h"

#define LENGTH 1024

const uint32_t usual_iterations = 160000;

static int8_t left[LENGTH], right[LENGTH];

static inline uint32_t even_bytes(uint32_t word) {
    uint32_t result;
    __asm("sxtb16 %0, %1" : "=r"(result) : "r"(word));
    return result;
}

static inline uint32_t odd_bytes(uint32_t word) {
    uint32_t result;
    __asm("sxtb16 %0, %1, ror #8" : "=r"(result) : "r"(word));
    return result;
}

static inline int32_t multiply_pairs(uint32_t a, uint32_t b, int32_t sum) {
    int32_t result;
    __asm("smlad %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
}

static inline uint32_t word_at(const int8_t *bytes) {
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

__attribute__((noinline)) static int32_t dot(const int8_t *a, const int8_t *b, int length) {
    int32_t sum = 0;
    for (int i = 0; i < length; i += 4) {
        const uint32_t x = word_at(a + i), y = word_at(b + i);
        sum = multiply_pairs(even_bytes(x), even_bytes(y), sum);
        sum = multiply_pairs(odd_bytes(x), odd_bytes(y), sum);
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
