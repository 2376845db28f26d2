/* Basic math: element by element, and the dot product. */
#include "check.h"

static T a[LONGEST], b[LONGEST], d[LONGEST];

#define TWO(stem) \
    EACH_LENGTH(n) { \
        FILL(a, n + 3), FILL(b, n + 3); \
        F(stem)(a + MISALIGNED, b, d, n); \
        RESULT(NAME(stem), n, d, n); \
    }
#define ONE(stem) \
    EACH_LENGTH(n) { \
        FILL(a, n + 3); \
        F(stem)(a + MISALIGNED, d, n); \
        RESULT(NAME(stem), n, d, n); \
    }

#if IS_f32
typedef float32_t Dot;
#elif IS_q7
typedef q31_t Dot;
#else
typedef q63_t Dot;
#endif

static void limits(T *low, T *high) {
    T pair[2];
    FILL(pair, 2);
    *low = pair[0] < pair[1] ? pair[0] : pair[1];
    *high = pair[0] < pair[1] ? pair[1] : pair[0];
}

#if !IS_f32
#define U_q7 uint8_t
#define U_q15 uint16_t
#define U_q31 uint32_t
#define UNSIGNED JOIN(U_, TYPE)
#define L_q7(stem) arm_##stem##_u8
#define L_q15(stem) arm_##stem##_u16
#define L_q31(stem) arm_##stem##_u32
#define LOGICAL(stem) JOIN(L_, TYPE)(stem)
#define BITS(stem) \
    EACH_LENGTH(n) { \
        FILL(a, n), FILL(b, n); \
        LOGICAL(stem)((UNSIGNED *)a, (UNSIGNED *)b, (UNSIGNED *)d, n); \
        RESULT(TEXT(LOGICAL(stem)), n, d, n); \
    }

static void check_whole_numbers(void) {
    BITS(and)
    BITS(or)
    BITS(xor)
    EACH_LENGTH(n) {
        FILL(a, n);
        LOGICAL(not)((UNSIGNED *)a, (UNSIGNED *)d, n);
        RESULT(TEXT(LOGICAL(not)), n, d, n);
    }
    for (int shift = 1 - 8 * (int)sizeof(T); shift < 8 * (int)sizeof(T); shift++) {
        FILL(a, 67);
        F(shift)(a, (int8_t)shift, d, 67);
        RESULT(NAME(shift), (unsigned)(shift + 32), d, 67);
    }
    for (int shift = -4; shift <= 4; shift++) {
        FILL(a, 67), FILL(b, 1);
        F(scale)(a, b[0], (int8_t)shift, d, 67);
        RESULT(NAME(scale), (unsigned)(shift + 32), d, 67);
    }
}
#else
static void check_whole_numbers(void) {
    EACH_LENGTH(n) {
        FILL(a, n), FILL(b, 1);
        arm_scale_f32(a, b[0], d, n);
        RESULT(NAME(scale), n, d, n);
    }
}
#endif

void check(void) {
    TWO(add)
    TWO(sub)
    TWO(mult)
    ONE(abs)
    ONE(negate)
    EACH_LENGTH(n) {
        FILL(a, n), FILL(b, 1);
        F(offset)(a, b[0], d, n);
        RESULT(NAME(offset), n, d, n);
    }
    EACH_LENGTH(n) {
        T low, high;
        FILL(a, n);
        limits(&low, &high);
        F(clip)(a, d, low, high, n);
        RESULT(NAME(clip), n, d, n);
    }
    EACH_LENGTH(n) {
        Dot sum;
        FILL(a, n + 3), FILL(b, n);
        F(dot_prod)(a + MISALIGNED, b, n, &sum);
        result(NAME(dot_prod), n, &sum, sizeof sum);
    }
    check_whole_numbers();
}
