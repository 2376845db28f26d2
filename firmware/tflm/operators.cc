#include "operators.h"

#include "layers.h"
#include "tensorflow/lite/micro/kernels/micro_ops.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"

#define OPERATORS(X)                                                                                              \
  X(ABS) X(ADD) X(ARG_MAX) X(ARG_MIN) X(AVERAGE_POOL_2D) X(CEIL) X(CONCATENATION) X(CONV_2D) X(COS)               \
  X(DEPTHWISE_CONV_2D) X(DEQUANTIZE) X(EQUAL) X(FLOOR) X(FULLY_CONNECTED) X(GREATER) X(GREATER_EQUAL)             \
  X(L2_NORMALIZATION) X(LESS) X(LESS_EQUAL) X(LOG) X(LOGICAL_AND) X(LOGICAL_NOT) X(LOGICAL_OR) X(LOGISTIC)        \
  X(MAXIMUM) X(MAX_POOL_2D) X(MEAN) X(MINIMUM) X(MUL) X(NEG) X(NOT_EQUAL) X(PACK) X(PAD) X(PADV2) X(PRELU)        \
  X(QUANTIZE) X(RELU) X(RELU6) X(RESHAPE) X(RESIZE_NEAREST_NEIGHBOR) X(ROUND) X(RSQRT) X(SIN) X(SOFTMAX) X(SPLIT) \
  X(SQRT) X(SQUARE) X(STRIDED_SLICE) X(SUB) X(SVDF) X(TANH) X(UNPACK)

namespace {

constexpr int kAnyVersion = 0;
constexpr int kOperators = 0
#define COUNT(op) +1
    OPERATORS(COUNT)
#undef COUNT
    ;

template <tflite::BuiltinOperator Operator, TfLiteRegistration* (*Register)()>
TfLiteStatus Timed(TfLiteContext* context, TfLiteNode* node) {
  return TimeLayer(tflite::EnumNameBuiltinOperator(Operator), Register()->invoke, context, node);
}

using Resolver = tflite::MicroMutableOpResolver<kOperators>;

template <tflite::BuiltinOperator Operator, TfLiteRegistration* (*Register)()>
void Add(Resolver* resolver) {
  TfLiteRegistration registration = *Register();
  registration.invoke = Timed<Operator, Register>;
  resolver->AddBuiltin(Operator, &registration, kAnyVersion);
}

}  // namespace

const tflite::MicroOpResolver& Operators() {
  static Resolver resolver;
  if (resolver.GetRegistrationLength() == 0) {
#define ADD(op) Add<tflite::BuiltinOperator_##op, tflite::ops::micro::Register_##op>(&resolver);
    OPERATORS(ADD)
#undef ADD
  }
  return resolver;
}
