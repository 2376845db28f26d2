/* Fast math: sine, cosine, square root, division, logarithm, exponential, arc tangent. */
#include "check.h"

#define N 512u
static T a[N], b[N], d[N];

#if IS_f32
static void fill_range(float32_t low, float32_t high) { fill_float(a, N, low, high); }
#else
static void check_divide(void) {
    int16_t shifts[N];
    FILL(a, N), FILL(b, N);
    for (unsigned i = 0; i < N; i++) {
        const arm_status status = F(divide)(a[i], b[i] ? b[i] : 1, &d[i], &shifts[i]);
        shifts[i] = (int16_t)(2 * shifts[i] + (status != ARM_MATH_SUCCESS));
    }
    RESULT(NAME(divide), 0, d, N);
    result(NAME(divide), 1, shifts, sizeof shifts);
}
#endif

void check(void) {
#if IS_f32
    fill_range(-20.0f, 20.0f);
#else
    FILL(a, N);
    for (unsigned i = 0; i < N; i++) {
        a[i] &= (T)(~(T)0 ^ (T)((T)1 << (8 * sizeof(T) - 1)));
    }
#endif
    for (unsigned i = 0; i < N; i++) {
        d[i] = F(sin)(a[i]);
    }
    RESULT(NAME(sin), 0, d, N);
    for (unsigned i = 0; i < N; i++) {
        d[i] = F(cos)(a[i]);
    }
    RESULT(NAME(cos), 0, d, N);
    FILL(a, N);
    for (unsigned i = 0; i < N; i++) {
        d[i] = 0;
        (void)F(sqrt)(a[i], &d[i]);
    }
    RESULT(NAME(sqrt), 0, d, N);
    FILL(a, N), FILL(b, N);
    for (unsigned i = 0; i < N; i++) {
        d[i] = 0;
        (void)F(atan2)(a[i], b[i], &d[i]);
    }
    RESULT(NAME(atan2), 0, d, N);
#if IS_f32
    fill_range(0.001f, 1000.0f);
    arm_vlog_f32(a, d, N);
    RESULT(NAME(vlog), 0, d, N);
    fill_range(-80.0f, 80.0f);
    arm_vexp_f32(a, d, N);
    RESULT(NAME(vexp), 0, d, N);
#else
    FILL(a, N);
    for (unsigned i = 0; i < N; i++) {
        a[i] = (T)(a[i] <= 0 ? 1 : a[i]);
    }
    F(vlog)(a, d, N);
    RESULT(NAME(vlog), 0, d, N);
    check_divide();
#endif
}
