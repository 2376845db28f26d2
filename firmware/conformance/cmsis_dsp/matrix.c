/* Matrices: sums, products, transposes, scaling; and of floats inverses, factors and triangular systems. */
#include "check.h"

#define SIDE 20u
#define M JOIN(arm_matrix_instance_, TYPE)
static T a[2 * SIDE * SIDE], b[2 * SIDE * SIDE], d[2 * SIDE * SIDE];
#if !IS_f32
static T scratch[2 * SIDE * SIDE];
#endif

static const struct {
    uint8_t rows, inner, columns;
} sizes[] = {{1, 1, 1}, {2, 3, 4}, {4, 4, 4}, {5, 7, 3}, {8, 8, 8}, {9, 6, 5}, {16, 11, 9}, {17, 17, 17}};

#define EACH_SIZE(r, m, n) \
    for (unsigned c_ = 0, r, m, n; c_ < COUNT(sizes) && ((r = sizes[c_].rows), (m = sizes[c_].inner), (n = sizes[c_].columns), 1); c_++)

static M matrix(unsigned rows, unsigned columns, T *data) {
    M made;
    F(mat_init)(&made, (uint16_t)rows, (uint16_t)columns, data);
    return made;
}

static void show(const char *name, unsigned which, arm_status status, unsigned count) {
    RESULT(name, which + (status == ARM_MATH_SUCCESS ? 0u : 1000000u), d, count);
}

#define SAME_SIZE(stem) \
    EACH_SIZE(r, m, n) { \
        FILL(a, r * n), FILL(b, r * n); \
        const M left = matrix(r, n, a), right = matrix(r, n, b); \
        M to = matrix(r, n, d); \
        show(NAME(stem), 100 * r + n + m * 0, F(stem)(&left, &right, &to), r * n); \
    }
#define PRODUCT(stem, parts, ...) \
    EACH_SIZE(r, m, n) { \
        FILL(a, parts * r * m), FILL(b, parts * m * n); \
        const M left = matrix(r, m, a), right = matrix(m, n, b); \
        M to = matrix(r, n, d); \
        show(NAME(stem), 10000 * r + 100 * m + n, F(stem)(&left, &right, &to __VA_OPT__(, ) __VA_ARGS__), parts * r * n); \
    }
#define TRANSPOSE(stem, parts) \
    EACH_SIZE(r, m, n) { \
        FILL(a, parts * r * n); \
        const M from = matrix(r, n, a); \
        M to = matrix(n, r, d); \
        show(NAME(stem), 100 * r + n + m * 0, F(stem)(&from, &to), parts * r * n); \
    }

static void check_vector(void) {
    EACH_SIZE(r, m, n) {
        FILL(a, r * m), FILL(b, m);
        const M left = matrix(r, m, a);
        F(mat_vec_mult)(&left, b, d);
        RESULT(NAME(mat_vec_mult), 100 * r + m + n * 0, d, r);
    }
}

#if IS_f32
#define SCALE 0.7f
#elif IS_q15
#define SCALE 0x5432, (int32_t)(m % 3)
#else
#define SCALE 0x54321098, (int32_t)(m % 3)
#endif

#if !IS_q7
static void check_scale(void) {
    EACH_SIZE(r, m, n) {
        FILL(a, r * n);
        const M from = matrix(r, n, a);
        M to = matrix(r, n, d);
        show(NAME(mat_scale), 10000 * r + 100 * m + n, F(mat_scale)(&from, SCALE, &to), r * n);
    }
}
#endif

#if IS_f32
static T more[2 * SIDE * SIDE], tau[SIDE], first[SIDE * SIDE], second[SIDE * SIDE];

/* A symmetric positive definite matrix: its own product with its transpose, and something on the diagonal. */
static void definite(unsigned n) {
    FILL(b, n * n);
    for (unsigned i = 0; i < n; i++) {
        for (unsigned j = 0; j < n; j++) {
            float32_t sum = i == j ? (float32_t)n : 0.0f;
            for (unsigned k = 0; k < n; k++) {
                sum += b[i * n + k] * b[j * n + k];
            }
            a[i * n + j] = sum;
        }
    }
}

static void check_factors(unsigned n) {
    uint16_t order[SIDE];
    M from = matrix(n, n, a), to = matrix(n, n, d), other = matrix(n, n, more);
    definite(n);
    show("arm_mat_cholesky_f32", n, arm_mat_cholesky_f32(&from, &to), n * n);
    definite(n);
    memset(more, 0, sizeof more), memset(d, 0, sizeof d), memset(order, 0, sizeof order);
    const arm_status status = arm_mat_ldlt_f32(&from, &to, &other, order);
    show("arm_mat_ldlt_f32", 10 * n, status, n * n);
    RESULT("arm_mat_ldlt_f32", 10 * n + 1, more, n * n);
    result("arm_mat_ldlt_f32", 10 * n + 2, order, 2 * n);
    FILL(a, n * n);
    for (unsigned i = 0; i < n; i++) {
        a[i * n + i] += 3.0f;
    }
    show("arm_mat_inverse_f32", n, arm_mat_inverse_f32(&from, &to), n * n);
}

static void check_triangles(unsigned n) {
    const M triangle = matrix(n, n, a), right = matrix(n, n, b);
    M to = matrix(n, n, d);
    FILL(a, n * n), FILL(b, n * n);
    for (unsigned i = 0; i < n; i++) {
        a[i * n + i] = 2.0f;
    }
    show("arm_mat_solve_upper_triangular_f32", n, arm_mat_solve_upper_triangular_f32(&triangle, &right, &to), n * n);
    show("arm_mat_solve_lower_triangular_f32", n, arm_mat_solve_lower_triangular_f32(&triangle, &right, &to), n * n);
}

static void check_householder(unsigned rows, unsigned columns) {
    const unsigned which = 1000 * rows + 10 * columns;
    const M from = matrix(rows, columns, a);
    M upper = matrix(rows, columns, d), orthogonal = matrix(rows, rows, more);
    FILL(a, rows * columns);
    memset(tau, 0, sizeof tau);
    show("arm_mat_qr_f32", which, arm_mat_qr_f32(&from, 1e-7f, &upper, &orthogonal, tau, first, second), rows * columns);
    RESULT("arm_mat_qr_f32", which + 1, more, rows * rows);
    RESULT("arm_mat_qr_f32", which + 2, tau, columns);
    d[rows] = arm_householder_f32(a, 1e-7f, rows, d);
    RESULT("arm_householder_f32", rows, d, rows + 1);
}

static void check_floats(void) {
    static const unsigned sides[] = {1, 2, 3, 4, 7, 8, 13};
    for (unsigned i = 0; i < COUNT(sides); i++) {
        check_factors(sides[i]);
        check_triangles(sides[i]);
        check_householder(sides[i] + i, sides[i]);
    }
}
#endif

void check(void) {
    TRANSPOSE(mat_trans, 1)
    check_vector();
#if IS_q7
    PRODUCT(mat_mult, 1, scratch)
#else
    SAME_SIZE(mat_add)
    SAME_SIZE(mat_sub)
    TRANSPOSE(mat_cmplx_trans, 2)
    check_scale();
#endif
#if IS_q15
    PRODUCT(mat_mult, 1, scratch)
    PRODUCT(mat_mult_fast, 1, scratch)
    PRODUCT(mat_cmplx_mult, 2, scratch)
#elif IS_q31
    PRODUCT(mat_mult, 1)
    PRODUCT(mat_mult_fast, 1)
    PRODUCT(mat_mult_opt, 1, scratch)
    PRODUCT(mat_cmplx_mult, 2)
#elif IS_f32
    PRODUCT(mat_mult, 1)
    PRODUCT(mat_cmplx_mult, 2)
    check_floats();
#endif
}
