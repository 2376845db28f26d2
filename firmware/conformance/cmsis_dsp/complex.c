/* Complex math: numbers are pairs, real before imaginary. */
#include "check.h"

static T a[LONGEST], b[LONGEST], d[LONGEST];

#if IS_f32
typedef float32_t Dot;
#elif IS_q31
typedef q63_t Dot;
#else
typedef q31_t Dot;
#endif

#define MAGNITUDE(stem) \
    EACH_LENGTH(n) { \
        FILL(a, 2 * n); \
        F(stem)(a, d, n); \
        RESULT(NAME(stem), n, d, n); \
    }

void check(void) {
    EACH_LENGTH(n) {
        FILL(a, 2 * n);
        F(cmplx_conj)(a, d, n);
        RESULT(NAME(cmplx_conj), n, d, 2 * n);
    }
    MAGNITUDE(cmplx_mag_squared)
    MAGNITUDE(cmplx_mag)
#if IS_q15
    MAGNITUDE(cmplx_mag_fast)
#endif
    EACH_LENGTH(n) {
        Dot sum[2];
        FILL(a, 2 * n), FILL(b, 2 * n);
        F(cmplx_dot_prod)(a, b, n, &sum[0], &sum[1]);
        result(NAME(cmplx_dot_prod), n, sum, sizeof sum);
    }
    EACH_LENGTH(n) {
        FILL(a, 2 * n), FILL(b, n);
        F(cmplx_mult_real)(a, b, d, n);
        RESULT(NAME(cmplx_mult_real), n, d, 2 * n);
    }
    EACH_LENGTH(n) {
        FILL(a, 2 * n), FILL(b, 2 * n);
        F(cmplx_mult_cmplx)(a, b, d, n);
        RESULT(NAME(cmplx_mult_cmplx), n, d, 2 * n);
    }
}
