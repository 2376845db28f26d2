/* A single-precision biquad filter over noise: five multiply-adds a sample. */
#include <string.h>

#include "speed.h"

#define LENGTH 256

const uint32_t usual_iterations = 140000;

typedef struct {
    float b0, b1, b2, a1, a2;
    float x1, x2, y1, y2;
} Biquad;

static float samples[LENGTH];

__attribute__((noinline)) static float filter(Biquad *f, const float *input, int length) {
    float peak = 0.0f;
    for (int i = 0; i < length; i++) {
        const float y = f->b0 * input[i] + f->b1 * f->x1 + f->b2 * f->x2 - f->a1 * f->y1 - f->a2 * f->y2;
        f->x2 = f->x1;
        f->x1 = input[i];
        f->y2 = f->y1;
        f->y1 = y;
        peak = y > peak ? y : peak;
    }
    return peak;
}

static uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

uint32_t loop(uint32_t iterations) {
    Biquad low_pass = {.b0 = 0.0675f, .b1 = 0.1349f, .b2 = 0.0675f, .a1 = -1.1430f, .a2 = 0.4128f};
    uint32_t noise = 1;
    for (int i = 0; i < LENGTH; i++) {
        noise = noise * 1664525u + 1013904223u;
        samples[i] = (float)(int32_t)noise * (1.0f / 2147483648.0f);
    }
    uint32_t checksum = 0;
    for (uint32_t i = 0; i < iterations; i++) {
        samples[i % LENGTH] = (float)(i & 255u) * (1.0f / 256.0f);
        checksum = checksum * 31 + bits_of(filter(&low_pass, samples, LENGTH));
    }
    return checksum;
}
