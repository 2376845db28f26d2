// ADD of two int8 tensors of one shape, in CMSIS-NN's manner and equal to the reference kernel bit for bit.
// Everything else, and so every broadcast, is the reference kernel's. What is computed of an element is forced inline, as
// CMSIS-NN's own support functions are: -Os and -Oz would call it.
#include <algorithm>

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

constexpr int kLeftShift = 20;

struct Scale {
  explicit Scale(double multiplier) {
    int exponent;
    QuantizeMultiplierSmallerThanOneExp(multiplier, &mantissa, &exponent);
    right_shift = -exponent;
  }
  OURS_INLINE int32_t operator()(int32_t value) const {
    return arm_nn_divide_by_power_of_two(OURS_DOUBLING(value, mantissa), right_shift);
  }

  int32_t mantissa;
  int right_shift;
};

struct Sum {
  OURS_INLINE int32_t operator()(int32_t value1, int32_t value2) const {
    const int32_t sum = scale1(value1 * (1 << kLeftShift)) + scale2(value2 * (1 << kLeftShift));
    return Clamp(scale(sum) + offset, low, high);
  }

  Scale scale1, scale2, scale;
  int32_t offset, low, high;
};

void AddAll(const Sum& sum, const int8_t* input1, int32_t offset1, const int8_t* input2, int32_t offset2,
            int8_t* output, int count) {
  const uint32_t offsets1 = Quad::Offset(offset1), offsets2 = Quad::Offset(offset2);
  for (; count >= 4; count -= 4, input1 += 4, input2 += 4, output += 4) {
    const Quad a = Quad::Load(input1, offsets1), b = Quad::Load(input2, offsets2);
    StoreQuad(output, sum(a[0], b[0]), sum(a[1], b[1]), sum(a[2], b[2]), sum(a[3], b[3]));
  }
  for (; count > 0; count--) *output++ = static_cast<int8_t>(sum(*input1++ + offset1, *input2++ + offset2));
}

TfLiteStatus Invoke(TfLiteContext* context, TfLiteNode* node) {
  const TfLiteTensor* input1 = GetInput(context, node, 0);
  const TfLiteTensor* input2 = GetInput(context, node, 1);
  TfLiteTensor* output = GetOutput(context, node, 0);
  if (output->type != kTfLiteInt8 || !HaveSameShapes(input1, input2)) return Reference_ADD()->invoke(context, node);

  const double scale1 = input1->params.scale, scale2 = input2->params.scale;
  const double unit = 2 * std::max(scale1, scale2);
  Sum sum = {Scale(scale1 / unit), Scale(scale2 / unit),
             Scale(unit / ((1 << kLeftShift) * static_cast<double>(output->params.scale))),
             output->params.zero_point, 0, 0};
  auto* options = static_cast<const TfLiteAddParams*>(node->builtin_data);
  TF_LITE_ENSURE_STATUS(
      CalculateActivationRangeQuantized(context, options->activation, output, &sum.low, &sum.high));

  AddAll(sum, GetTensorData<int8_t>(input1), -input1->params.zero_point, GetTensorData<int8_t>(input2),
         -input2->params.zero_point, GetTensorData<int8_t>(output), static_cast<int>(NumElements(output)));
  return kTfLiteOk;
}

}  // namespace

TfLiteRegistration* Fast_ADD() {
  static TfLiteRegistration registration = {nullptr, nullptr, nullptr, Invoke, nullptr, 0, nullptr, 0};
  return &registration;
}

}  // namespace micro
}  // namespace ops
}  // namespace tflite
