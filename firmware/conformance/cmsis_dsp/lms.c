/* Filtering: least mean squares, plain and normalised. */
#include "check.h"

#define BLOCK 32u
#define BLOCKS 4u
#define TAPS 20u
static T coefficients[TAPS], state[TAPS + BLOCK + 4], source[BLOCK * BLOCKS], wanted[BLOCK * BLOCKS], output[BLOCK * BLOCKS], error[BLOCK * BLOCKS];

static void begin(void) {
    FILL(coefficients, TAPS), FILL(source, COUNT(source)), FILL(wanted, COUNT(wanted));
    memset(state, 0, sizeof state);
}

static void show(const char *name, unsigned taps) {
    RESULT(name, 10 * taps, output, BLOCK * BLOCKS);
    RESULT(name, 10 * taps + 1, error, BLOCK * BLOCKS);
    RESULT(name, 10 * taps + 2, coefficients, taps);
}

#if IS_f32
#define RATE 0.02f
#define SHIFT
#elif IS_q15
#define RATE 0x0400
#define SHIFT , 1
#else
#define RATE 0x04000000
#define SHIFT , 1
#endif

#define RUN(stem, taps) \
    { \
        JOIN(arm_##stem##_instance_, TYPE) filter; \
        begin(); \
        F(stem##_init)(&filter, (uint16_t)(taps), coefficients, state, RATE, BLOCK SHIFT); \
        for (unsigned k = 0; k < BLOCKS; k++) { \
            const unsigned at = k * BLOCK; \
            F(stem)(&filter, source + at, wanted + at, output + at, error + at, BLOCK); \
        } \
        show(NAME(stem), taps); \
    }

void check(void) {
    static const unsigned taps[] = {1, 2, 4, 7, 8, 13, 20};
    for (unsigned i = 0; i < COUNT(taps); i++) {
        RUN(lms, taps[i])
        RUN(lms_norm, taps[i])
    }
}
