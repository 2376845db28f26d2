// AVERAGE_POOL_2D and MAX_POOL_2D by CMSIS-NN's arm_avgpool_s8 and arm_max_pool_s8, which know one batch: the reference
// kernels for more, and where the input is not int8.
#include "kernels.h"
#include "node_data.h"
#include "tensorflow/lite/c/builtin_op_data.h"
#include "tensorflow/lite/kernels/kernel_util.h"
#include "tensorflow/lite/kernels/padding.h"

namespace tflite {
namespace ops {
namespace micro {
namespace {

struct Pooling {
  Fallback fallback;
  cmsis_nn_pool_params parameters;
  Scratch scratch;
};

bool Fast(const TfLiteTensor* input) { return input->type == kTfLiteInt8 && input->dims->data[0] == 1; }

TfLiteStatus PreparePooling(TfLiteContext* context, TfLiteNode* node) {
  auto* options = static_cast<const TfLitePoolParams*>(node->builtin_data);
  const TfLiteTensor* input = GetInput(context, node, 0);
  TfLiteTensor* output = GetOutput(context, node, 0);

  int output_height, output_width;
  TfLitePaddingValues padding = ComputePaddingHeightWidth(
      options->stride_height, options->stride_width, 1, 1, Sizes(input).h, Sizes(input).w, options->filter_height,
      options->filter_width, options->padding, &output_height, &output_width);

  cmsis_nn_pool_params& parameters = NodeData<Pooling>(node)->parameters;
  parameters.stride = {options->stride_width, options->stride_height};
  parameters.padding = {padding.width, padding.height};
  return CalculateActivationRangeQuantized(context, options->activation, output, &parameters.activation.min,
                                           &parameters.activation.max);
}

template <decltype(arm_avgpool_s8)* Pool>
TfLiteStatus Invoke(TfLiteContext* context, TfLiteNode* node) {
  auto* data = NodeData<Pooling>(node);
  auto* options = static_cast<const TfLitePoolParams*>(node->builtin_data);
  const TfLiteTensor* input = GetInput(context, node, 0);
  TfLiteTensor* output = GetOutput(context, node, 0);
  if (!Fast(input)) return data->fallback.Invoke(context, node);

  cmsis_nn_dims input_dims = Sizes(input), output_dims = Sizes(output);
  cmsis_nn_dims filter = {1, options->filter_height, options->filter_width, 1};
  cmsis_nn_context scratch = data->scratch.Get(context);
  return Status(Pool(&scratch, &data->parameters, &input_dims, GetTensorData<int8_t>(input), &filter, &output_dims,
                     GetTensorData<int8_t>(output)));
}

void* InitAverage(TfLiteContext* context, const char* buffer, size_t length) {
  return NewNodeData<Pooling>(context, Reference_AVERAGE_POOL_2D(), buffer, length);
}

TfLiteStatus PrepareAverage(TfLiteContext* context, TfLiteNode* node) {
  auto* data = NodeData<Pooling>(node);
  const TfLiteTensor* input = GetInput(context, node, 0);
  if (!Fast(input)) return data->fallback.Prepare(context, node);
  TF_LITE_ENSURE_STATUS(PreparePooling(context, node));
  const int output_width = Sizes(GetOutput(context, node, 0)).w;
  return data->scratch.Request(context, arm_avgpool_s8_get_buffer_size(output_width, Sizes(input).c));
}

void* InitMax(TfLiteContext* context, const char* buffer, size_t length) {
  return NewNodeData<Pooling>(context, Reference_MAX_POOL_2D(), buffer, length);
}

TfLiteStatus PrepareMax(TfLiteContext* context, TfLiteNode* node) {
  if (!Fast(GetInput(context, node, 0))) return NodeData<Pooling>(node)->fallback.Prepare(context, node);
  return PreparePooling(context, node);
}

}  // namespace

TfLiteRegistration* Fast_AVERAGE_POOL_2D() {
  static TfLiteRegistration registration = Registration(InitAverage, nullptr, PrepareAverage, Invoke<arm_avgpool_s8>);
  return &registration;
}

TfLiteRegistration* Fast_MAX_POOL_2D() {
  static TfLiteRegistration registration = Registration(InitMax, nullptr, PrepareMax, Invoke<arm_max_pool_s8>);
  return &registration;
}

}  // namespace micro
}  // namespace ops
}  // namespace tflite
