/* Windows: all twenty, at several lengths. */
#include "check.h"

static float32_t d[LONGEST];

#define WINDOW(stem) \
    for (unsigned n = 8; n <= 200; n += 48) { \
        arm_##stem##_f32(d, n); \
        result_float("arm_" #stem "_f32", n, d, n); \
    }

void check(void) {
    WINDOW(welch)
    WINDOW(bartlett)
    WINDOW(hamming)
    WINDOW(hanning)
    WINDOW(nuttall3)
    WINDOW(nuttall4)
    WINDOW(nuttall3a)
    WINDOW(nuttall3b)
    WINDOW(nuttall4a)
    WINDOW(blackman_harris_92db)
    WINDOW(nuttall4b)
    WINDOW(nuttall4c)
    WINDOW(hft90d)
    WINDOW(hft95)
    WINDOW(hft116d)
    WINDOW(hft144d)
    WINDOW(hft169d)
    WINDOW(hft196d)
    WINDOW(hft223d)
    WINDOW(hft248d)
}
