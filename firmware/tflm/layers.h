// The operators of one Invoke in their order, each with the cycles that it took.
#pragma once

#include <stdint.h>

#include "tensorflow/lite/c/common.h"

struct Layer {
  const char* name;
  uint32_t cycles;
};

constexpr int kMostLayers = 256;
extern Layer layers[kMostLayers];
extern int layer_count;  // set it to 0 before Invoke

TfLiteStatus TimeLayer(const char* name, TfLiteStatus (*invoke)(TfLiteContext*, TfLiteNode*), TfLiteContext* context,
                       TfLiteNode* node);
