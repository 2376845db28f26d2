/* Filtering, finite impulse responses: plain, decimating, interpolating, sparse, lattice; three blocks each, so that state counts. */
#include "check.h"

#define BLOCK 48u
#define BLOCKS 3u
#define TAPS 33u
#define DELAY 24u
static T coefficients[TAPS], state[4 * (TAPS + BLOCK) + DELAY], source[BLOCK * BLOCKS + 3], output[4 * BLOCK * BLOCKS], scratch[BLOCK];

/* Coefficients small enough that floats stay finite and fixed points saturate now and then. */
static void begin(unsigned taps) {
    FILL(coefficients, taps);
    FILL(source, COUNT(source));
    memset(state, 0, sizeof state);
    memset(output, 0, sizeof output);
}

#define IN_BLOCKS(call, ratio_in, ratio_out) \
    for (unsigned k = 0; k < BLOCKS; k++) { \
        const T *const from = source + k * BLOCK * (ratio_in); \
        T *const to = output + k * (BLOCK * (ratio_out)); \
        call; \
    }

static void check_fir(void) {
    static const unsigned taps[] = {4, 6, 8, 14, 16, 32};
    for (unsigned i = 0; i < COUNT(taps); i++) {
        JOIN(arm_fir_instance_, TYPE) filter;
        begin(taps[i]);
        F(fir_init)(&filter, (uint16_t)taps[i], coefficients, state, BLOCK);
        IN_BLOCKS(F(fir)(&filter, from, to, BLOCK), 1, 1)
        RESULT(NAME(fir), taps[i], output, BLOCK * BLOCKS);
#if IS_q15 || IS_q31
        begin(taps[i]);
        F(fir_init)(&filter, (uint16_t)taps[i], coefficients, state, BLOCK);
        IN_BLOCKS(F(fir_fast)(&filter, from, to, BLOCK), 1, 1)
        RESULT(NAME(fir_fast), taps[i], output, BLOCK * BLOCKS);
#endif
    }
#if !IS_q15
    for (unsigned n = 1; n <= 9; n += 2) {
        JOIN(arm_fir_instance_, TYPE) filter;
        begin(n);
        F(fir_init)(&filter, (uint16_t)n, coefficients, state, BLOCK - n);
        F(fir)(&filter, source, output, BLOCK - n);
        RESULT(NAME(fir), n, output, BLOCK - n);
    }
#endif
}

#if !IS_q7
static void check_rates(void) {
    static const struct {
        uint16_t taps;
        uint8_t factor;
    } cases[] = {{4, 2}, {8, 2}, {9, 3}, {12, 3}, {16, 4}, {32, 4}, {7, 2}};
    for (unsigned i = 0; i < COUNT(cases); i++) {
        const unsigned factor = cases[i].factor;
        JOIN(arm_fir_decimate_instance_, TYPE) decimate;
        begin(cases[i].taps);
        (void)F(fir_decimate_init)(&decimate, cases[i].taps, (uint8_t)factor, coefficients, state, BLOCK);
        IN_BLOCKS(F(fir_decimate)(&decimate, from, to, BLOCK), 1, 1)
        RESULT(NAME(fir_decimate), cases[i].taps, output, BLOCK * BLOCKS);
#if IS_q15 || IS_q31
        begin(cases[i].taps);
        (void)F(fir_decimate_init)(&decimate, cases[i].taps, (uint8_t)factor, coefficients, state, BLOCK);
        IN_BLOCKS(F(fir_decimate_fast)(&decimate, from, to, BLOCK), 1, 1)
        RESULT(NAME(fir_decimate_fast), cases[i].taps, output, BLOCK * BLOCKS);
#endif
        if (cases[i].taps % factor == 0) {
            JOIN(arm_fir_interpolate_instance_, TYPE) interpolate;
            begin(cases[i].taps);
            (void)F(fir_interpolate_init)(&interpolate, (uint8_t)factor, cases[i].taps, coefficients, state, BLOCK);
            IN_BLOCKS(F(fir_interpolate)(&interpolate, from, to, BLOCK), 1, 4)
            RESULT(NAME(fir_interpolate), cases[i].taps, output, 4 * BLOCK * BLOCKS);
        }
    }
}

static void check_lattice(void) {
    for (unsigned stages = 1; stages <= 10; stages += 3) {
        JOIN(arm_fir_lattice_instance_, TYPE) filter;
        begin(stages);
        F(fir_lattice_init)(&filter, (uint16_t)stages, coefficients, state);
        IN_BLOCKS(F(fir_lattice)(&filter, from, to, BLOCK), 1, 1)
        RESULT(NAME(fir_lattice), stages, output, BLOCK * BLOCKS);
    }
}
#endif

static void check_sparse(void) {
    static int32_t delays[] = {0, 3, 5, 11, 17, 23};
#if IS_q7 || IS_q15
    static q31_t wide[BLOCK];
#define WIDE wide,
#else
#define WIDE
#endif
    JOIN(arm_fir_sparse_instance_, TYPE) filter;
    begin(COUNT(delays));
    F(fir_sparse_init)(&filter, COUNT(delays), coefficients, state, delays, DELAY, BLOCK);
    IN_BLOCKS(F(fir_sparse)(&filter, from, to, scratch, WIDE BLOCK), 1, 1)
    RESULT(NAME(fir_sparse), COUNT(delays), output, BLOCK * BLOCKS);
}

void check(void) {
    check_fir();
    check_sparse();
#if !IS_q7
    check_rates();
    check_lattice();
#endif
}
