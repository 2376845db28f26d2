/* expf and its kin in double arithmetic of our own, so that a host and the board compute the same bits.
 * Only the builds that are held against a host link it; accuracy is not its aim, a few units in the last place of a float are. */
#include <stdint.h>
#include <string.h>

#include "portable_math.h"

static const double LOG_2 = 0.693147180559945309417, HALF_PI = 1.57079632679489661923;

static double power_of_two(int n) {
    const uint64_t bits = (uint64_t)(n + 1023) << 52;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static double exponential(double x) {
    if (x < -700.0 || x > 700.0) {
        return x < 0.0 ? 0.0 : (double)INFINITY;
    }
    const int n = (int)(x / LOG_2 + (x < 0.0 ? -0.5 : 0.5));
    const double rest = x - n * LOG_2;
    double sum = 1.0;
    for (int i = 16; i > 0; i--) {
        sum = 1.0 + sum * rest / i;
    }
    return sum * power_of_two(n);
}

static double logarithm(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    const int n = (int)(bits >> 52) - 1023;
    bits = (bits & 0x000FFFFFFFFFFFFFu) | 0x3FF0000000000000u;
    double mantissa;
    memcpy(&mantissa, &bits, sizeof mantissa);
    const double ratio = (mantissa - 1.0) / (mantissa + 1.0), square = ratio * ratio;
    double sum = 0.0;
    for (int i = 41; i > 0; i -= 2) {
        sum = sum * square + 1.0 / i;
    }
    return n * LOG_2 + 2.0 * ratio * sum;
}

/* Of an angle within half a turn of 0 or so. */
static double sine(double x) {
    double sum = 0.0;
    for (int i = 25; i > 1; i -= 2) {
        sum = (1.0 + sum) * -(x * x) / (i * (i - 1));
    }
    return x * (1.0 + sum);
}

static double reduced(double x) {
    const double turns = x / (4.0 * HALF_PI);
    return x - 4.0 * HALF_PI * (double)(int64_t)(turns + (turns < 0.0 ? -0.5 : 0.5));
}

float portable_expf(float x) { return (float)exponential(x); }
float portable_logf(float x) { return x > 0.0f ? (float)logarithm(x) : -INFINITY; }
float portable_tanhf(float x) {
    const double e = exponential(2.0 * (double)x);
    return (float)((e - 1.0) / (e + 1.0));
}
float portable_sinf(float x) { return (float)sine(reduced(x)); }
float portable_cosf(float x) { return (float)sine(reduced((double)x + HALF_PI)); }

float portable_powf(float x, float y) {
    const int whole = (int)y;
    if ((float)whole == y && whole >= 0 && whole < 64) {
        double product = 1.0;
        for (int i = 0; i < whole; i++) {
            product *= (double)x;
        }
        return (float)product;
    }
    return x > 0.0f ? (float)exponential((double)y * logarithm(x)) : 0.0f;
}
