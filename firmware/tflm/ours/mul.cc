// MUL of two int8 tensors of one shape, in CMSIS-NN's manner and equal to the reference kernel bit for bit.
// Everything else, and so every broadcast, is the reference kernel's. What is computed of an element is forced inline, as
// CMSIS-NN's own support functions are: -Os and -Oz would call it.
#include "kernels.h"
#include "quad.h"
#include "tensorflow/lite/c/builtin_op_data.h"
#include "tensorflow/lite/kernels/internal/quantization_util.h"
#include "tensorflow/lite/kernels/internal/tensor_ctypes.h"
#include "tensorflow/lite/kernels/kernel_util.h"

namespace tflite {
namespace ops {
namespace micro {
namespace {

struct Product {
  OURS_INLINE int32_t operator()(int32_t value1, int32_t value2) const {
    return Clamp(arm_nn_requantize(value1 * value2, multiplier, shift) + offset, low, high);
  }

  int32_t multiplier;
  int shift;
  int32_t offset, low, high;
};

void MultiplyAll(const Product& product, const int8_t* input1, int32_t offset1, const int8_t* input2, int32_t offset2,
                 int8_t* output, int count) {
  const uint32_t offsets1 = Quad::Offset(offset1), offsets2 = Quad::Offset(offset2);
  for (; count >= 4; count -= 4, input1 += 4, input2 += 4, output += 4) {
    const Quad a = Quad::Load(input1, offsets1), b = Quad::Load(input2, offsets2);
    StoreQuad(output, product(a[0], b[0]), product(a[1], b[1]), product(a[2], b[2]), product(a[3], b[3]));
  }
  for (; count > 0; count--) *output++ = static_cast<int8_t>(product(*input1++ + offset1, *input2++ + offset2));
}

TfLiteStatus Invoke(TfLiteContext* context, TfLiteNode* node) {
  const TfLiteTensor* input1 = GetInput(context, node, 0);
  const TfLiteTensor* input2 = GetInput(context, node, 1);
  TfLiteTensor* output = GetOutput(context, node, 0);
  if (output->type != kTfLiteInt8 || !HaveSameShapes(input1, input2)) return Reference_MUL()->invoke(context, node);

  Product product = {0, 0, output->params.zero_point, 0, 0};
  QuantizeMultiplier(static_cast<double>(input1->params.scale) * static_cast<double>(input2->params.scale) /
                         static_cast<double>(output->params.scale),
                     &product.multiplier, &product.shift);
  auto* options = static_cast<const TfLiteMulParams*>(node->builtin_data);
  TF_LITE_ENSURE_STATUS(
      CalculateActivationRangeQuantized(context, options->activation, output, &product.low, &product.high));

  MultiplyAll(product, GetTensorData<int8_t>(input1), -input1->params.zero_point, GetTensorData<int8_t>(input2),
              -input2->params.zero_point, GetTensorData<int8_t>(output), static_cast<int>(NumElements(output)));
  return kTfLiteOk;
}

}  // namespace

TfLiteRegistration* Fast_MUL() {
  static TfLiteRegistration registration = {nullptr, nullptr, nullptr, Invoke, nullptr, 0, nullptr, 0};
  return &registration;
}

}  // namespace micro
}  // namespace ops
}  // namespace tflite
