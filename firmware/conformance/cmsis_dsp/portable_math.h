/* Put before every file of a build that is held against a host: its calls of the C library's functions become ours. */
#ifndef PORTABLE_MATH_H
#define PORTABLE_MATH_H

#include <math.h>

float portable_expf(float x);
float portable_logf(float x);
float portable_powf(float x, float y);
float portable_tanhf(float x);
float portable_sinf(float x);
float portable_cosf(float x);

#define expf portable_expf
#define logf portable_logf
#define powf portable_powf
#define tanhf portable_tanhf
#define sinf portable_sinf
#define cosf portable_cosf

#endif
