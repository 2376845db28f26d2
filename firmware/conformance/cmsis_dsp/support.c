/* Support: copies, fills, conversions between the types, and of floats sorting and weighted means. */
#include "check.h"

static T a[LONGEST], b[LONGEST], d[LONGEST];
static union {
    q7_t q7[512];
    q15_t q15[512];
    q31_t q31[512];
    float32_t f32[512];
} other;

#define CONVERT(function, to) \
    EACH_LENGTH(n) { \
        FILL(a, n + 3); \
        function(a + MISALIGNED, other.to, n); \
        result_##to(TEXT(function), n, other.to, n); \
    }

#if IS_f32
static void check_sorting(void) {
    static const arm_sort_alg algorithms[] = {ARM_SORT_BITONIC, ARM_SORT_BUBBLE, ARM_SORT_HEAP, ARM_SORT_INSERTION, ARM_SORT_QUICK, ARM_SORT_SELECTION};
    static const arm_sort_dir directions[] = {ARM_SORT_DESCENDING, ARM_SORT_ASCENDING};
    for (unsigned i = 0; i < 2 * COUNT(algorithms); i++) {
        arm_sort_instance_f32 how;
        FILL(a, 64);
        arm_sort_init_f32(&how, algorithms[i / 2], directions[i % 2]);
        arm_sort_f32(&how, a, d, 64);
        RESULT("arm_sort_f32", i, d, 64);
    }
    for (unsigned i = 0; i < 2; i++) {
        arm_merge_sort_instance_f32 how;
        FILL(a, 100);
        arm_merge_sort_init_f32(&how, directions[i], b);
        arm_merge_sort_f32(&how, a, d, 100);
        RESULT("arm_merge_sort_f32", i, d, 100);
    }
}

static void check_means(void) {
    EACH_LENGTH(n) {
        FILL(a, n), fill_float(b, n, 0.1f, 1.0f);
        d[0] = arm_weighted_average_f32(a, b, n);
        RESULT("arm_weighted_average_f32", n, d, 1);
    }
    for (unsigned vectors = 1; vectors < 12; vectors += 5) {
        for (unsigned size = 1; size < 12; size += 3) {
            FILL(a, vectors * size), fill_float(b, vectors, 0.1f, 1.0f);
            arm_barycenter_f32(a, b, d, vectors, size);
            RESULT("arm_barycenter_f32", 100 * vectors + size, d, size);
        }
    }
}
#endif

void check(void) {
    EACH_LENGTH(n) {
        FILL(a, n + 3);
        F(copy)(a + MISALIGNED, d, n);
        RESULT(NAME(copy), n, d, n);
    }
    EACH_LENGTH(n) {
        FILL(a, 1);
        F(fill)(a[0], d, n);
        RESULT(NAME(fill), n, d, n);
    }
#if IS_f32
    CONVERT(arm_float_to_q7, q7)
    CONVERT(arm_float_to_q15, q15)
    CONVERT(arm_float_to_q31, q31)
    check_sorting();
    check_means();
#elif IS_q7
    CONVERT(arm_q7_to_q15, q15)
    CONVERT(arm_q7_to_q31, q31)
    CONVERT(arm_q7_to_float, f32)
#elif IS_q15
    CONVERT(arm_q15_to_q7, q7)
    CONVERT(arm_q15_to_q31, q31)
    CONVERT(arm_q15_to_float, f32)
#else
    CONVERT(arm_q31_to_q7, q7)
    CONVERT(arm_q31_to_q15, q15)
    CONVERT(arm_q31_to_float, f32)
#endif
    (void)b;
}
