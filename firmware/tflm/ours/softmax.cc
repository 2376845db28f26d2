// SOFTMAX of int8 to int8 by CMSIS-NN's fixed-point functions, equal to the reference kernel bit for bit.
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

constexpr int kDifferenceIntegerBits = 5;
constexpr int kSumIntegerBits = 12;

struct Exponential {
  // e^(difference * beta * scale) in Q0.31, for a difference of 0 or less.
  int32_t operator()(int32_t difference) const {
    return arm_nn_exp_on_negative_values(arm_nn_doubling_high_mult(difference * (1 << left_shift), multiplier));
  }

  int32_t multiplier;
  int left_shift;
  int32_t least;  // differences below this one count as 0
};

int32_t Largest(const int8_t* values, int count) {
  int32_t largest = values[0];
  for (int i = 1; i < count; i++) largest = MAX(largest, values[i]);
  return largest;
}

void SoftmaxRow(const Exponential& exponential, const int8_t* input, int8_t* output, int count) {
  const int32_t largest = Largest(input, count);
  int32_t sum = 0;
  for (int i = 0; i < count; i++) {
    const int32_t difference = input[i] - largest;
    if (difference >= exponential.least) {
      sum += arm_nn_divide_by_power_of_two(exponential(difference), kSumIntegerBits);
    }
  }

  const int headroom = __CLZ(sum);
  const int32_t fraction = static_cast<int32_t>((static_cast<uint32_t>(sum) << headroom) - 0x80000000u);
  const int32_t reciprocal = arm_nn_one_over_one_plus_x_for_x_in_0_1(fraction);
  const int right_shift = kSumIntegerBits - headroom + 31 - 8;
  for (int i = 0; i < count; i++) {
    const int32_t difference = input[i] - largest;
    int32_t share = 0;
    if (difference >= exponential.least) {
      share = arm_nn_divide_by_power_of_two(arm_nn_doubling_high_mult(reciprocal, exponential(difference)), right_shift);
    }
    output[i] = static_cast<int8_t>(Clamp(share - 128, -128, 127));
  }
}

TfLiteStatus Prepare(TfLiteContext* context, TfLiteNode* node) { return Reference_SOFTMAX()->prepare(context, node); }

TfLiteStatus Invoke(TfLiteContext* context, TfLiteNode* node) {
  const TfLiteTensor* input = GetInput(context, node, 0);
  TfLiteTensor* output = GetOutput(context, node, 0);
  if (input->type != kTfLiteInt8 || output->type != kTfLiteInt8) return Reference_SOFTMAX()->invoke(context, node);
  TF_LITE_ENSURE_EQ(context, output->params.zero_point, -128);
  TF_LITE_ENSURE(context, output->params.scale == 1.f / 256);

  auto* options = static_cast<const TfLiteSoftmaxParams*>(node->builtin_data);
  Exponential exponential;
  PreprocessSoftmaxScaling(static_cast<double>(options->beta), static_cast<double>(input->params.scale),
                           kDifferenceIntegerBits, &exponential.multiplier, &exponential.left_shift);
  exponential.least = -CalculateInputRadius(kDifferenceIntegerBits, exponential.left_shift);

  const int count = input->dims->data[input->dims->size - 1];
  const int8_t* in = GetTensorData<int8_t>(input);
  int8_t* out = GetTensorData<int8_t>(output);
  for (int left = static_cast<int>(NumElements(input)); left > 0; left -= count, in += count, out += count) {
    SoftmaxRow(exponential, in, out, count);
  }
  return kTfLiteOk;
}

}  // namespace

TfLiteRegistration* Fast_SOFTMAX() {
  static TfLiteRegistration registration = {nullptr, nullptr, Prepare, Invoke, nullptr, 0, nullptr, 0};
  return &registration;
}

}  // namespace micro
}  // namespace ops
}  // namespace tflite
