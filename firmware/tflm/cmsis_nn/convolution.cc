// CONV_2D by CMSIS-NN's arm_convolve_wrapper_s8; the reference kernel where the input is not int8.
#include "channels.h"
#include "kernels.h"
#include "node_data.h"
#include "tensorflow/lite/c/builtin_op_data.h"
#include "tensorflow/lite/kernels/kernel_util.h"
#include "tensorflow/lite/kernels/padding.h"

namespace tflite {
namespace ops {
namespace micro {
namespace {

struct Convolution {
  Fallback fallback;
  cmsis_nn_conv_params parameters;
  Channels channels;
  Scratch scratch;
};

struct Tensors {
  Tensors(TfLiteContext* context, TfLiteNode* node)
      : input(GetInput(context, node, 0)),
        filter(GetInput(context, node, 1)),
        bias(GetOptionalInputTensor(context, node, 2)),
        output(GetOutput(context, node, 0)) {}
  bool fast() const { return input->type == kTfLiteInt8 && filter->type == kTfLiteInt8; }

  const TfLiteTensor* input;
  const TfLiteTensor* filter;
  const TfLiteTensor* bias;
  TfLiteTensor* output;
};

void* Init(TfLiteContext* context, const char* buffer, size_t length) {
  return NewNodeData<Convolution>(context, Reference_CONV_2D(), buffer, length);
}

void Free(TfLiteContext*, void* data) { static_cast<Convolution*>(data)->channels.Free(); }

TfLiteStatus Prepare(TfLiteContext* context, TfLiteNode* node) {
  auto* data = NodeData<Convolution>(node);
  auto* options = static_cast<const TfLiteConvParams*>(node->builtin_data);
  Tensors tensors(context, node);
  if (!tensors.fast()) return data->fallback.Prepare(context, node);

  cmsis_nn_dims input = Sizes(tensors.input), filter = Sizes(tensors.filter), output = Sizes(tensors.output);
  int output_height, output_width;
  TfLitePaddingValues padding = ComputePaddingHeightWidth(
      options->stride_height, options->stride_width, options->dilation_height_factor, options->dilation_width_factor,
      input.h, input.w, filter.h, filter.w, options->padding, &output_height, &output_width);

  cmsis_nn_conv_params& parameters = data->parameters;
  parameters.input_offset = -tensors.input->params.zero_point;
  parameters.output_offset = tensors.output->params.zero_point;
  parameters.stride = {options->stride_width, options->stride_height};
  parameters.padding = {padding.width, padding.height};
  parameters.dilation = {options->dilation_width_factor, options->dilation_height_factor};

  int32_t unused_multiplier;
  int unused_shift;
  TF_LITE_ENSURE_STATUS(data->channels.Allocate(output.c));
  TF_LITE_ENSURE_STATUS(PopulateConvolutionQuantizationParams(
      context, tensors.input, tensors.filter, tensors.bias, tensors.output, options->activation, &unused_multiplier,
      &unused_shift, &parameters.activation.min, &parameters.activation.max, data->channels.multiplier(),
      data->channels.shift(), output.c));

  return data->scratch.Request(context, arm_convolve_wrapper_s8_get_buffer_size(&parameters, &input, &filter, &output));
}

TfLiteStatus Invoke(TfLiteContext* context, TfLiteNode* node) {
  auto* data = NodeData<Convolution>(node);
  Tensors tensors(context, node);
  if (!tensors.fast()) return data->fallback.Invoke(context, node);

  cmsis_nn_dims input = Sizes(tensors.input), filter = Sizes(tensors.filter), output = Sizes(tensors.output);
  cmsis_nn_dims bias = {1, 1, 1, output.c};
  cmsis_nn_context scratch = data->scratch.Get(context);
  cmsis_nn_per_channel_quant_params channels = data->channels.parameters();
  return Status(arm_convolve_wrapper_s8(&scratch, &data->parameters, &channels, &input,
                                        GetTensorData<int8_t>(tensors.input), &filter,
                                        GetTensorData<int8_t>(tensors.filter), &bias,
                                        GetTensorData<int32_t>(tensors.bias), &output,
                                        GetTensorData<int8_t>(tensors.output)));
}

}  // namespace

TfLiteRegistration* Fast_CONV_2D() {
  static TfLiteRegistration registration = Registration(Init, Free, Prepare, Invoke);
  return &registration;
}

}  // namespace micro
}  // namespace ops
}  // namespace tflite
