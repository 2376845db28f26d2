/* Transforms: complex and real FFTs, forward and inverse, at all lengths; the older radix-2 and radix-4 ones; MFCC. */
#include "check.h"

static T a[2 * LONGEST], d[2 * LONGEST];

static void check_complex(unsigned length) {
    for (unsigned inverse = 0; inverse < 2; inverse++) {
        for (unsigned reversed = 0; reversed < 2; reversed++) {
            JOIN(arm_cfft_instance_, TYPE) transform;
            FILL(a, 2 * length);
            if (F(cfft_init)(&transform, (uint16_t)length) == ARM_MATH_SUCCESS) {
                F(cfft)(&transform, a, (uint8_t)inverse, (uint8_t)reversed);
                RESULT(NAME(cfft), 100 * length + 10 * inverse + reversed, a, 2 * length);
            }
        }
    }
}

static void check_older(unsigned length) {
    for (unsigned inverse = 0; inverse < 2; inverse++) {
        JOIN(arm_cfft_radix2_instance_, TYPE) two;
        JOIN(arm_cfft_radix4_instance_, TYPE) four;
        FILL(a, 2 * length);
        if (F(cfft_radix2_init)(&two, (uint16_t)length, (uint8_t)inverse, 1) == ARM_MATH_SUCCESS) {
            F(cfft_radix2)(&two, a);
            RESULT(NAME(cfft_radix2), 10 * length + inverse, a, 2 * length);
        }
        FILL(a, 2 * length);
        if (F(cfft_radix4_init)(&four, (uint16_t)length, (uint8_t)inverse, 1) == ARM_MATH_SUCCESS) {
            F(cfft_radix4)(&four, a);
            RESULT(NAME(cfft_radix4), 10 * length + inverse, a, 2 * length);
        }
    }
}

static void check_real(unsigned length) {
    for (unsigned inverse = 0; inverse < 2; inverse++) {
        FILL(a, 2 * length);
        memset(d, 0, sizeof d);
#if IS_f32
        arm_rfft_fast_instance_f32 transform;
        if (arm_rfft_fast_init_f32(&transform, (uint16_t)length) == ARM_MATH_SUCCESS) {
            arm_rfft_fast_f32(&transform, a, d, (uint8_t)inverse);
            RESULT("arm_rfft_fast_f32", 10 * length + inverse, d, length);
        }
#else
        JOIN(arm_rfft_instance_, TYPE) transform;
        if (F(rfft_init)(&transform, length, inverse, 1) == ARM_MATH_SUCCESS) {
            F(rfft)(&transform, a, d);
            RESULT(NAME(rfft), 10 * length + inverse, d, inverse ? length : 2 * length);
        }
#endif
    }
}

/* A window, 20 overlapping filters of 12 lines each, and 13 cepstral coefficients of random weights. */
static void check_mfcc(void) {
    enum { LENGTH = 256, FILTERS = 20, WIDTH = 12, OUTPUTS = 13 };
    static T cosines[FILTERS * OUTPUTS], weights[FILTERS * WIDTH], window[LENGTH], found[OUTPUTS];
    static uint32_t positions[FILTERS], widths[FILTERS];
#if IS_q15
    static q31_t scratch[2 * LENGTH];
#else
    static T scratch[2 * LENGTH + 2];
#endif
    JOIN(arm_mfcc_instance_, TYPE) transform;
    for (unsigned i = 0; i < FILTERS; i++) {
        positions[i] = 5 * i + 1, widths[i] = WIDTH;
    }
    FILL(cosines, COUNT(cosines)), FILL(window, LENGTH), FILL(weights, COUNT(weights)), FILL(a, LENGTH);
    for (unsigned i = 0; i < COUNT(weights); i++) {
        weights[i] = weights[i] < 0 ? (T)(weights[i] / -2) : weights[i];
    }
    if (F(mfcc_init)(&transform, LENGTH, FILTERS, OUTPUTS, cosines, positions, widths, weights, window) == ARM_MATH_SUCCESS) {
        F(mfcc)(&transform, a, found, scratch);
        RESULT(NAME(mfcc), LENGTH, found, OUTPUTS);
    }
}

void check(void) {
    for (unsigned length = 16; length <= 4096; length *= 2) {
        check_complex(length);
        check_older(length);
    }
    for (unsigned length = 32; length <= 8192; length *= 2) {
        check_real(length);
    }
    check_mfcc();
}
