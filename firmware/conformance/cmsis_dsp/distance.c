/* Distances between vectors of floats and of booleans, and dynamic time warping. */
#include "check.h"

static float32_t a[LONGEST], b[LONGEST];

#define FLOATS(stem, low) \
    EACH_LENGTH(n) { \
        fill_float(a, n, low, 1.0f), fill_float(b, n, low, 1.0f); \
        const float32_t found = arm_##stem##_distance_f32(a, b, n); \
        result_float("arm_" #stem "_distance_f32", n, &found, 1); \
    }
/* Pairs of every kind are among the first four, from either end, so that nothing is 0/0: a host's NaN has another sign. */
#define BOOLEANS(stem) \
    EACH_LENGTH(n) { \
        uint32_t one[8], other[8]; \
        for (unsigned i = 0; i < 8; i++) { \
            one[i] = draw(), other[i] = one[i] ^ (draw() & draw()); \
        } \
        one[0] = (one[0] & 0x77FFFFF7u) | 0x50000005u, other[0] = (other[0] & 0x77FFFFF7u) | 0x30000003u; \
        const unsigned bits = n < 4 ? 4 : n; \
        const float32_t found = arm_##stem##_distance(one, other, bits); \
        result_float("arm_" #stem "_distance", n, &found, 1); \
    }

static void check_warping(void) {
    enum { ROWS = 12, COLUMNS = 10 };
    static float32_t distances[ROWS * COLUMNS], costs[ROWS * COLUMNS];
    static q7_t allowed[ROWS * COLUMNS];
    static int16_t path[2 * (ROWS + COLUMNS)];
    static const arm_dtw_window windows[] = {ARM_DTW_SAKOE_CHIBA_WINDOW, ARM_DTW_SLANTED_BAND_WINDOW};
    for (unsigned i = 0; i < COUNT(windows); i++) {
        arm_matrix_instance_f32 from = {ROWS, COLUMNS, distances}, to = {ROWS, COLUMNS, costs};
        arm_matrix_instance_q7 window = {ROWS, COLUMNS, allowed};
        float32_t distance = 0.0f;
        uint32_t length = 0;
        fill_float(distances, COUNT(distances), 0.0f, 1.0f);
        (void)arm_dtw_init_window_q7(windows[i], 5, &window);
        result("arm_dtw_init_window_q7", i, allowed, sizeof allowed);
        (void)arm_dtw_distance_f32(&from, &window, &to, &distance);
        result_float("arm_dtw_distance_f32", 10 * i, &distance, 1);
        result_float("arm_dtw_distance_f32", 10 * i + 1, costs, ROWS * COLUMNS);
        arm_dtw_path_f32(&to, path, &length);
        result("arm_dtw_path_f32", i, path, 4 * length);
    }
}

void check(void) {
    FLOATS(euclidean, -1.0f)
    FLOATS(braycurtis, 0.1f)
    FLOATS(canberra, -1.0f)
    FLOATS(chebyshev, -1.0f)
    FLOATS(cityblock, -1.0f)
    FLOATS(cosine, 0.1f)
    FLOATS(jensenshannon, 0.1f)
    EACH_LENGTH(n) {
        fill_float(a, n, -1.0f, 1.0f), fill_float(b, n, -1.0f, 1.0f);
        const float32_t found = arm_minkowski_distance_f32(a, b, 3, n);
        result_float("arm_minkowski_distance_f32", n, &found, 1);
    }
    EACH_LENGTH(n) {
        const unsigned count = n + 2;
        fill_float(a, count, -1.0f, 1.0f), fill_float(b, count, -1.0f, 1.0f);
        const float32_t found = arm_correlation_distance_f32(a, b, count);
        result_float("arm_correlation_distance_f32", n, &found, 1);
    }
    BOOLEANS(dice)
    BOOLEANS(hamming)
    BOOLEANS(jaccard)
    BOOLEANS(kulsinski)
    BOOLEANS(rogerstanimoto)
    BOOLEANS(russellrao)
    BOOLEANS(sokalmichener)
    BOOLEANS(sokalsneath)
    BOOLEANS(yule)
    check_warping();
}
