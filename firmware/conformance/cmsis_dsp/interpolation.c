/* Interpolation: linear and bilinear, and of floats cubic splines. */
#include "check.h"

#define ROWS 12u
#define COLUMNS 9u
#define POINTS 256u
static T table[ROWS * COLUMNS], d[POINTS];

#if IS_f32
typedef float32_t Coordinate;

static void check_spline(void) {
    static float32_t x[20], y[20], coefficients[3 * 19], scratch[2 * 20], at[POINTS];
    static const arm_spline_type types[] = {ARM_SPLINE_NATURAL, ARM_SPLINE_PARABOLIC_RUNOUT};
    for (unsigned i = 0; i < COUNT(types); i++) {
        arm_spline_instance_f32 spline;
        fill_float(y, 20, -1.0f, 1.0f), fill_float(x, 20, 0.2f, 0.8f);
        for (unsigned k = 0; k < 20; k++) {
            x[k] += (float32_t)k;
        }
        for (unsigned k = 0; k < POINTS; k++) {
            at[k] = (float32_t)k * (21.0f / (float32_t)POINTS) - 0.5f;
        }
        arm_spline_init_f32(&spline, types[i], x, y, 20, coefficients, scratch);
        arm_spline_f32(&spline, at, d, POINTS);
        RESULT("arm_spline_f32", i, d, POINTS);
    }
}

static float32_t linear(float32_t x) {
    arm_linear_interp_instance_f32 how = {ROWS * COLUMNS, 0.0f, 0.5f, table};
    return arm_linear_interp_f32(&how, x);
}

static float32_t coordinate(unsigned limit) {
    float32_t value;
    fill_float(&value, 1, -1.0f, (float32_t)limit + 1.0f);
    return value;
}
#else
typedef q31_t Coordinate;

/* A coordinate in 12.20, now and then beyond the table. */
static q31_t coordinate(unsigned limit) { return (q31_t)(draw() % ((limit + 1) << 20)); }
static T linear(q31_t x) { return F(linear_interp)(table, x, ROWS * COLUMNS); }
#endif

void check(void) {
    JOIN(arm_bilinear_interp_instance_, TYPE) plane = {ROWS, COLUMNS, table};
    FILL(table, COUNT(table));
    for (unsigned i = 0; i < POINTS; i++) {
        d[i] = linear(coordinate(ROWS * COLUMNS));
    }
    RESULT(NAME(linear_interp), 0, d, POINTS);
    for (unsigned i = 0; i < POINTS; i++) {
        const Coordinate x = coordinate(COLUMNS), y = coordinate(ROWS);
        d[i] = F(bilinear_interp)(&plane, x, y);
    }
    RESULT(NAME(bilinear_interp), 0, d, POINTS);
#if IS_f32
    check_spline();
#endif
}
