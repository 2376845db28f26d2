// The reference convolution with the loop order that TFLM has had since 2021: the header of xmos-ai-tools, in this
// TFLM's namespace. The one of July 2020, which this file hides, tests the padding inside its innermost loop.
#pragma once

#include "tensorflow/lite/kernels/internal/common.h"

#define tflite_micro tflite
#include "xmos_ai_tools/runtime/include/tensorflow/lite/kernels/internal/reference/integer_ops/conv.h"
#undef tflite_micro
