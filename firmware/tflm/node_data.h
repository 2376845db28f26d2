// What every fast kernel keeps for its node, and the steps that they share.
#pragma once

#include "arm_nnfunctions.h"
#include "fallback.h"
#include "tensorflow/lite/c/common.h"
#include "tensorflow/lite/kernels/internal/tensor_ctypes.h"

template <typename Data>
void* NewNodeData(TfLiteContext* context, TfLiteRegistration* reference, const char* buffer, size_t length) {
  void* memory = nullptr;
  if (context->AllocatePersistentBuffer(context, sizeof(Data), &memory) != kTfLiteOk) return nullptr;
  Data* data = new (memory) Data();
  data->fallback.Init(reference, context, buffer, length);
  return data;
}

template <typename Data>
Data* NodeData(TfLiteNode* node) {
  return static_cast<Data*>(node->user_data);
}

// A working buffer of the node in the arena, of no bytes or more.
class Scratch {
 public:
  TfLiteStatus Request(TfLiteContext* context, int32_t bytes) {
    return bytes > 0 ? context->RequestScratchBufferInArena(context, bytes, &index_) : kTfLiteOk;
  }
  cmsis_nn_context Get(TfLiteContext* context) const {
    return {index_ < 0 ? nullptr : context->GetScratchBuffer(context, index_), 0};
  }

 private:
  int index_ = -1;
};

inline cmsis_nn_dims Sizes(const TfLiteTensor* tensor) {
  const int* size = tensor->dims->data;
  return {size[0], size[1], size[2], size[3]};
}

inline TfLiteStatus Status(arm_cmsis_nn_status status) {
  return status == ARM_CMSIS_NN_SUCCESS ? kTfLiteOk : kTfLiteError;
}

inline TfLiteRegistration Registration(void* (*init)(TfLiteContext*, const char*, size_t),
                                       void (*free)(TfLiteContext*, void*),
                                       TfLiteStatus (*prepare)(TfLiteContext*, TfLiteNode*),
                                       TfLiteStatus (*invoke)(TfLiteContext*, TfLiteNode*)) {
  return {init, free, prepare, invoke, nullptr, 0, nullptr, 0};
}
