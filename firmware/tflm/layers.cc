#include "layers.h"

#include "board.h"

Layer layers[kMostLayers];
int layer_count;

TfLiteStatus TimeLayer(const char* name, TfLiteStatus (*invoke)(TfLiteContext*, TfLiteNode*), TfLiteContext* context,
                       TfLiteNode* node) {
  const uint32_t start = board_cycles();
  const TfLiteStatus status = invoke(context, node);
  const uint32_t cycles = board_cycles() - start;
  if (layer_count < kMostLayers) layers[layer_count++] = {name, cycles};
  return status;
}
