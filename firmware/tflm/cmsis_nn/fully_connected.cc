// FULLY_CONNECTED by CMSIS-NN's arm_fully_connected_s8, which ignores a filter's zero point: the reference kernel where
// that is not 0, or the input is not int8.
#include "kernels.h"
#include "node_data.h"
#include "tensorflow/lite/c/builtin_op_data.h"
#include "tensorflow/lite/kernels/internal/quantization_util.h"
#include "tensorflow/lite/kernels/kernel_util.h"

namespace tflite {
namespace ops {
namespace micro {
namespace {

struct FullyConnected {
  Fallback fallback;
  cmsis_nn_fc_params parameters;
  cmsis_nn_per_tensor_quant_params scale;
};

struct Tensors {
  Tensors(TfLiteContext* context, TfLiteNode* node)
      : input(GetInput(context, node, 0)),
        filter(GetInput(context, node, 1)),
        bias(GetOptionalInputTensor(context, node, 2)),
        output(GetOutput(context, node, 0)) {}
  bool fast() const {
    return input->type == kTfLiteInt8 && filter->type == kTfLiteInt8 && filter->params.zero_point == 0;
  }

  const TfLiteTensor* input;
  const TfLiteTensor* filter;
  const TfLiteTensor* bias;
  TfLiteTensor* output;
};

void* Init(TfLiteContext* context, const char* buffer, size_t length) {
  return NewNodeData<FullyConnected>(context, Reference_FULLY_CONNECTED(), buffer, length);
}

TfLiteStatus Prepare(TfLiteContext* context, TfLiteNode* node) {
  auto* data = NodeData<FullyConnected>(node);
  auto* options = static_cast<const TfLiteFullyConnectedParams*>(node->builtin_data);
  Tensors tensors(context, node);
  if (!tensors.fast()) return data->fallback.Prepare(context, node);

  double multiplier;
  int shift;
  TF_LITE_ENSURE_STATUS(GetQuantizedConvolutionMultipler(context, tensors.input, tensors.filter, tensors.bias,
                                                         tensors.output, &multiplier));
  QuantizeMultiplier(multiplier, &data->scale.multiplier, &shift);
  data->scale.shift = shift;
  data->parameters.input_offset = -tensors.input->params.zero_point;
  data->parameters.filter_offset = 0;
  data->parameters.output_offset = tensors.output->params.zero_point;
  return CalculateActivationRangeQuantized(context, options->activation, tensors.output,
                                           &data->parameters.activation.min, &data->parameters.activation.max);
}

TfLiteStatus Invoke(TfLiteContext* context, TfLiteNode* node) {
  auto* data = NodeData<FullyConnected>(node);
  Tensors tensors(context, node);
  if (!tensors.fast()) return data->fallback.Invoke(context, node);

  const int units = tensors.filter->dims->data[0], depth = tensors.filter->dims->data[1];
  const int batches = static_cast<int>(NumElements(tensors.output)) / units;
  cmsis_nn_context scratch = {nullptr, 0};
  cmsis_nn_dims input = {batches, 1, 1, depth}, filter = {depth, 1, 1, units}, bias = {1, 1, 1, units};
  cmsis_nn_dims output = {batches, 1, 1, units};
  return Status(arm_fully_connected_s8(&scratch, &data->parameters, &data->scale, &input,
                                       GetTensorData<int8_t>(tensors.input), &filter,
                                       GetTensorData<int8_t>(tensors.filter), &bias,
                                       GetTensorData<int32_t>(tensors.bias), &output,
                                       GetTensorData<int8_t>(tensors.output)));
}

}  // namespace

TfLiteRegistration* Fast_FULLY_CONNECTED() {
  static TfLiteRegistration registration = Registration(Init, nullptr, Prepare, Invoke);
  return &registration;
}

}  // namespace micro
}  // namespace ops
}  // namespace tflite
