/* What the families' programs share: seeded data, and one line of output for each call that is checked.
 *
 * A program is compiled for one element type: TYPE is q7, q15, q31 or f32, and IS_q7 ... is 1 for that one.
 * With SHOW the outputs themselves are printed behind their hash. */
#ifndef CHECK_H
#define CHECK_H

#include <stdint.h>
#include <string.h>

#include "arm_math.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* arm_STEM_TYPE, and its name. */
#define F(stem) JOIN(arm_##stem##_, TYPE)
#define NAME(stem) TEXT(F(stem))

#define T_q7 q7_t
#define T_q15 q15_t
#define T_q31 q31_t
#define T_f32 float32_t
#define T JOIN(T_, TYPE)

/* The largest transform has 4096 complex values. */
#define LONGEST 8192u

/* The next of a sequence of 32-bit numbers, the same in every build. */
uint32_t draw(void);

/* Random elements of so many bytes each, of which one in eight is an extreme, 0 or 1. */
void fill_whole(void *data, unsigned count, unsigned bytes);
void fill_float(float32_t *data, unsigned count, float32_t low, float32_t high);

static inline void fill_q7(q7_t *data, unsigned count) { fill_whole(data, count, 1); }
static inline void fill_q15(q15_t *data, unsigned count) { fill_whole(data, count, 2); }
static inline void fill_q31(q31_t *data, unsigned count) { fill_whole(data, count, 4); }
static inline void fill_f32(float32_t *data, unsigned count) { fill_float(data, count, -1.0f, 1.0f); }
#define FILL(data, count) JOIN(fill_, TYPE)(data, count)

/* Prints the name, a number that tells cases of one name apart, and the hash of what was put out. */
void result(const char *name, unsigned which, const void *data, unsigned bytes);
void result_float(const char *name, unsigned which, const float32_t *data, unsigned count);

static inline void result_q7(const char *name, unsigned which, const q7_t *data, unsigned count) {
    result(name, which, data, count);
}
static inline void result_q15(const char *name, unsigned which, const q15_t *data, unsigned count) {
    result(name, which, data, 2 * count);
}
static inline void result_q31(const char *name, unsigned which, const q31_t *data, unsigned count) {
    result(name, which, data, 4 * count);
}
static inline void result_f32(const char *name, unsigned which, const float32_t *data, unsigned count) {
    result_float(name, which, data, count);
}
#define RESULT(name, which, data, count) JOIN(result_, TYPE)(name, which, data, count)

/* Lengths about the unrolled loops' four and eight, and some that are long. */
static const unsigned lengths[] = {1, 2, 3, 4, 5, 7, 8, 15, 16, 31, 64, 127, 256};
#define EACH_LENGTH(n) \
    for (unsigned case_ = 0, n = 0; case_ < COUNT(lengths) && ((n = lengths[case_]), 1); case_++)
/* Sources that are not aligned to words: the SIMD paths load them all the same. */
#define MISALIGNED (case_ % 4u)

/* The program: calls of one family. */
void check(void);

#endif
