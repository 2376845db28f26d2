// Which kernels a build has: USE_CMSIS_NN and USE_OURS are 0 or 1.
#include "kernels.h"

namespace tflite {
namespace ops {
namespace micro {

#define CHOOSE(op, fast) \
  TfLiteRegistration* Register_##op() { return (fast) ? Fast_##op() : Reference_##op(); }

CHOOSE(CONV_2D, USE_CMSIS_NN)
CHOOSE(DEPTHWISE_CONV_2D, USE_CMSIS_NN)
CHOOSE(FULLY_CONNECTED, USE_CMSIS_NN)
CHOOSE(AVERAGE_POOL_2D, USE_CMSIS_NN)
CHOOSE(MAX_POOL_2D, USE_CMSIS_NN)
CHOOSE(ADD, USE_OURS)
CHOOSE(MUL, USE_OURS)
CHOOSE(SOFTMAX, USE_OURS)

}  // namespace micro
}  // namespace ops
}  // namespace tflite
