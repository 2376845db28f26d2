/* Quaternions: norms, inverses, products, and rotations from and to matrices. */
#include "check.h"

#define N 40u
static float32_t a[4 * N], b[4 * N], d[9 * N];

void check(void) {
    fill_f32(a, 4 * N), fill_f32(b, 4 * N);
    arm_quaternion_norm_f32(a, d, N);
    result_float("arm_quaternion_norm_f32", N, d, N);
    arm_quaternion_inverse_f32(a, d, N);
    result_float("arm_quaternion_inverse_f32", N, d, 4 * N);
    arm_quaternion_conjugate_f32(a, d, N);
    result_float("arm_quaternion_conjugate_f32", N, d, 4 * N);
    arm_quaternion_product_single_f32(a, b, d);
    result_float("arm_quaternion_product_single_f32", 1, d, 4);
    arm_quaternion_product_f32(a, b, d, N);
    result_float("arm_quaternion_product_f32", N, d, 4 * N);
    arm_quaternion_normalize_f32(a, b, N);
    result_float("arm_quaternion_normalize_f32", N, b, 4 * N);
    arm_quaternion2rotation_f32(b, d, N);
    result_float("arm_quaternion2rotation_f32", N, d, 9 * N);
    arm_rotation2quaternion_f32(d, a, N);
    result_float("arm_rotation2quaternion_f32", N, a, 4 * N);
}
