/* Filtering: convolution, whole and in part, and correlation, with their fast and optimised forms. */
#include "check.h"

#define N 64u
static T a[N], b[N], d[2 * N];
#if IS_q7 || IS_q15
static q15_t scratch[2][4 * N];
#endif

static const struct {
    uint8_t a, b;
} sizes[] = {{1, 1}, {5, 3}, {3, 5}, {8, 8}, {17, 4}, {31, 16}, {16, 33}, {64, 21}, {64, 64}};

#define EACH_SIZE(m, n) for (unsigned c_ = 0, m, n; c_ < COUNT(sizes) && ((m = sizes[c_].a), (n = sizes[c_].b), 1); c_++)
#define WHOLE(stem, ...) \
    EACH_SIZE(m, n) { \
        FILL(a, m), FILL(b, n); \
        memset(d, 0, sizeof d); \
        F(stem)(a, m, b, n, d __VA_OPT__(, ) __VA_ARGS__); \
        RESULT(NAME(stem), 100 * m + n, d, 2 * N); \
    }
/* The middle third of the outputs. */
#define PART(stem, ...) \
    EACH_SIZE(m, n) { \
        const unsigned third = (m + n - 1) / 3; \
        FILL(a, m), FILL(b, n); \
        memset(d, 0, sizeof d); \
        const arm_status status = F(stem)(a, m, b, n, d, third, third + 1 __VA_OPT__(, ) __VA_ARGS__); \
        RESULT(NAME(stem), 100 * m + n + (status == ARM_MATH_SUCCESS ? 0u : 10000u), d, 2 * N); \
    }

void check(void) {
    WHOLE(conv)
    WHOLE(correlate)
    PART(conv_partial)
#if IS_q7
    WHOLE(conv_opt, scratch[0], scratch[1])
    WHOLE(correlate_opt, scratch[0], scratch[1])
    PART(conv_partial_opt, scratch[0], scratch[1])
#endif
#if IS_q15 || IS_q31
    WHOLE(conv_fast)
    WHOLE(correlate_fast)
    PART(conv_partial_fast)
#endif
#if IS_q15
    WHOLE(conv_opt, scratch[0], scratch[1])
    WHOLE(conv_fast_opt, scratch[0], scratch[1])
    WHOLE(correlate_opt, scratch[0])
    WHOLE(correlate_fast_opt, scratch[0])
    PART(conv_partial_opt, scratch[0], scratch[1])
    PART(conv_partial_fast_opt, scratch[0], scratch[1])
#endif
}
