// The two names of a kernel: TFLM's own is Reference_OP (its file is compiled with Register_OP so renamed), the one
// for the Cortex-M7 is Fast_OP. kernels.cc says which of them Register_OP is.
#pragma once

#include "tensorflow/lite/c/common.h"

#define FAST_OPERATORS(X) \
  X(CONV_2D)              \
  X(DEPTHWISE_CONV_2D)    \
  X(FULLY_CONNECTED)      \
  X(AVERAGE_POOL_2D)      \
  X(MAX_POOL_2D)          \
  X(ADD)                  \
  X(MUL)                  \
  X(SOFTMAX)

namespace tflite {
namespace ops {
namespace micro {

#define DECLARE(op)                      \
  TfLiteRegistration* Reference_##op(); \
  TfLiteRegistration* Fast_##op();
FAST_OPERATORS(DECLARE)
#undef DECLARE

}  // namespace micro
}  // namespace ops
}  // namespace tflite
