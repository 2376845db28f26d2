// The multiplier and shift of each output channel of a convolution.
#pragma once

#include <stdlib.h>

#include "arm_nn_types.h"
#include "tensorflow/lite/c/common.h"

// On the heap: an arena takes persistent buffers in Prepare only as long as no node has asked for a scratch buffer.
class Channels {
 public:
  TfLiteStatus Allocate(int count) {
    multiplier_ = static_cast<int32_t*>(malloc(2 * count * sizeof(int32_t)));
    shift_ = multiplier_ + count;
    return multiplier_ ? kTfLiteOk : kTfLiteError;
  }
  void Free() {
    free(multiplier_);
    multiplier_ = nullptr;
  }
  int32_t* multiplier() const { return multiplier_; }
  int* shift() const { return reinterpret_cast<int*>(shift_); }
  cmsis_nn_per_channel_quant_params parameters() const { return {multiplier_, shift_}; }

 private:
  int32_t* multiplier_ = nullptr;
  int32_t* shift_ = nullptr;
};
