/* Filtering, infinite impulse responses: biquad cascades, lattices, and Levinson-Durbin's recursion. */
#include "check.h"

#define BLOCK 40u
#define BLOCKS 3u
#define STAGES 4u
static T coefficients[6 * STAGES + 40], more[64], state[8 * STAGES + 2 * BLOCK + 64], source[2 * BLOCK * BLOCKS], output[2 * BLOCK * BLOCKS];

/* Floats whose poles lie well within the unit circle. */
static void begin(unsigned count) {
#if IS_f32
    fill_float(coefficients, count, -0.4f, 0.4f);
    fill_float(more, COUNT(more), -0.4f, 0.4f);
#else
    FILL(coefficients, count);
    FILL(more, COUNT(more));
#endif
    FILL(source, COUNT(source));
    memset(state, 0, sizeof state);
    memset(output, 0, sizeof output);
}

#define IN_BLOCKS(call, channels) \
    for (unsigned k = 0; k < BLOCKS; k++) { \
        const T *const from = source + k * BLOCK * (channels); \
        T *const to = output + k * (BLOCK * (channels)); \
        call; \
    }

#if IS_q15
static void prepare(unsigned stages) {
    begin(6 * stages);
    for (unsigned i = 0; i < stages; i++) {
        coefficients[6 * i + 1] = 0;
    }
}
#else
static void prepare(unsigned stages) { begin(5 * stages); }
#endif

/* How many places the coefficients of fixed-point filters are scaled down, at most. */
#if IS_f32
#define SHIFT
#define SHIFTS 1
#else
#define SHIFT , (int8_t)shift
#define SHIFTS 3
#endif

static void check_df1(unsigned stages, int shift) {
    const unsigned which = 10 * stages + (unsigned)shift;
    JOIN(arm_biquad_casd_df1_inst_, TYPE) filter;
    prepare(stages);
    F(biquad_cascade_df1_init)(&filter, (uint8_t)stages, coefficients, state SHIFT);
    IN_BLOCKS(F(biquad_cascade_df1)(&filter, from, to, BLOCK), 1)
    RESULT(NAME(biquad_cascade_df1), which, output, BLOCK * BLOCKS);
#if IS_q15 || IS_q31
    prepare(stages);
    F(biquad_cascade_df1_init)(&filter, (uint8_t)stages, coefficients, state SHIFT);
    IN_BLOCKS(F(biquad_cascade_df1_fast)(&filter, from, to, BLOCK), 1)
    RESULT(NAME(biquad_cascade_df1_fast), which, output, BLOCK * BLOCKS);
#endif
#if IS_q31
    static q63_t wide[4 * STAGES];
    arm_biquad_cas_df1_32x64_ins_q31 precise;
    prepare(stages);
    memset(wide, 0, sizeof wide);
    arm_biquad_cas_df1_32x64_init_q31(&precise, (uint8_t)stages, coefficients, wide, (uint8_t)shift);
    IN_BLOCKS(arm_biquad_cas_df1_32x64_q31(&precise, from, to, BLOCK), 1)
    RESULT("arm_biquad_cas_df1_32x64_q31", which, output, BLOCK * BLOCKS);
#endif
}

#if IS_f32
static void check_df2(unsigned stages) {
    arm_biquad_cascade_df2T_instance_f32 filter;
    arm_biquad_cascade_stereo_df2T_instance_f32 stereo;
    prepare(stages);
    arm_biquad_cascade_df2T_init_f32(&filter, (uint8_t)stages, coefficients, state);
    IN_BLOCKS(arm_biquad_cascade_df2T_f32(&filter, from, to, BLOCK), 1)
    RESULT("arm_biquad_cascade_df2T_f32", stages, output, BLOCK * BLOCKS);
    prepare(stages);
    arm_biquad_cascade_stereo_df2T_init_f32(&stereo, (uint8_t)stages, coefficients, state);
    IN_BLOCKS(arm_biquad_cascade_stereo_df2T_f32(&stereo, from, to, BLOCK), 2)
    RESULT("arm_biquad_cascade_stereo_df2T_f32", stages, output, 2 * BLOCK * BLOCKS);
}
#endif

static void check_lattice(unsigned stages) {
    JOIN(arm_iir_lattice_instance_, TYPE) filter;
    begin(stages + 1);
    F(iir_lattice_init)(&filter, (uint16_t)stages, coefficients, more, state, BLOCK);
    IN_BLOCKS(F(iir_lattice)(&filter, from, to, BLOCK), 1)
    RESULT(NAME(iir_lattice), stages, output, BLOCK * BLOCKS);
}

#if IS_f32 || IS_q31
/* Autocovariances that fall off as those of a stable process do. */
static void check_levinson(void) {
    static T covariance[17], found[18], error;
    for (unsigned order = 1; order <= 16; order += 5) {
        FILL(covariance, order + 1);
#if IS_f32
        covariance[0] = 2.0f;
        for (unsigned i = 1; i <= order; i++) {
            covariance[i] = covariance[i] / (float32_t)(1u << i);
        }
#else
        covariance[0] = 0x60000000;
        for (unsigned i = 1; i <= order; i++) {
            covariance[i] = covariance[i] / (2 << i);
        }
#endif
        memset(found, 0, sizeof found);
        F(levinson_durbin)(covariance, found, &error, (int)order);
        found[order] = error;
        RESULT(NAME(levinson_durbin), order, found, order + 1);
    }
}
#endif

void check(void) {
    for (unsigned stages = 1; stages <= STAGES; stages++) {
        for (int shift = 0; shift < SHIFTS; shift++) {
            check_df1(stages, shift);
        }
#if IS_f32
        check_df2(stages);
#endif
        check_lattice(3 * stages - 1);
    }
#if IS_f32 || IS_q31
    check_levinson();
#endif
}
