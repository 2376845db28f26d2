/* Statistics: sums and moments, least and greatest, and of floats entropies. */
#include "check.h"

static T a[LONGEST], b[LONGEST], d[LONGEST];

#if IS_f32
typedef float32_t Power;
#elif IS_q7
typedef q31_t Power;
#else
typedef q63_t Power;
#endif

#define ONE(stem) \
    EACH_LENGTH(n) { \
        T found = 0; \
        FILL(a, n + 3); \
        F(stem)(a + MISALIGNED, n, &found); \
        RESULT(NAME(stem), n, &found, 1); \
    }
#define PLACE(stem) \
    EACH_LENGTH(n) { \
        T found = 0; \
        uint32_t index = 0; \
        FILL(a, n + 3); \
        F(stem)(a + MISALIGNED, n, &found, &index); \
        RESULT(NAME(stem), 1000 * index + n, &found, 1); \
    }

#if IS_f32
/* Floats that can be probabilities: above 0, with the sum 1. */
static void distribution(float32_t *data, unsigned n) {
    float32_t sum = 0.0f;
    fill_float(data, n, 0.01f, 1.0f);
    for (unsigned i = 0; i < n; i++) {
        sum += data[i];
    }
    for (unsigned i = 0; i < n; i++) {
        data[i] /= sum;
    }
}

static void check_entropies(void) {
    EACH_LENGTH(n) {
        distribution(a, n), distribution(b, n);
        d[0] = arm_entropy_f32(a, n);
        d[1] = arm_kullback_leibler_f32(a, b, n);
        d[2] = arm_logsumexp_f32(a, n);
        d[3] = arm_logsumexp_dot_prod_f32(a, b, n, d + 8);
        RESULT("arm_entropy_f32", n, d, 1);
        RESULT("arm_kullback_leibler_f32", n, d + 1, 1);
        RESULT("arm_logsumexp_f32", n, d + 2, 1);
        RESULT("arm_logsumexp_dot_prod_f32", n, d + 3, 1);
    }
}
#endif

void check(void) {
    EACH_LENGTH(n) {
        Power sum;
        FILL(a, n);
        F(power)(a, n, &sum);
        result(NAME(power), n, &sum, sizeof sum);
    }
    EACH_LENGTH(n) {
        FILL(a, n), FILL(b, n);
        F(mse)(a, b, n, d);
        RESULT(NAME(mse), n, d, 1);
    }
    ONE(mean)
    PLACE(max)
    PLACE(min)
    PLACE(absmax)
    PLACE(absmin)
    ONE(max_no_idx)
    ONE(min_no_idx)
    ONE(absmax_no_idx)
    ONE(absmin_no_idx)
#if !IS_q7
    ONE(var)
    ONE(rms)
    ONE(std)
#endif
#if IS_f32
    ONE(accumulate)
    check_entropies();
#endif
}
