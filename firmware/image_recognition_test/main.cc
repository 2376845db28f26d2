// Classifies the compiled-in images and prints each layer's cycles, and each image's outputs, label and cycles.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "board.h"
#include "layers.h"
#include "network.h"
#include "operators.h"
#include "tensorflow/lite/micro/micro_error_reporter.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/schema/schema_generated.h"

// How many images are run; a debugger may write another number before the start.
extern "C" {
extern const volatile uint32_t image_count;
__attribute__((used)) const volatile uint32_t image_count = IMAGE_COUNT;
}

namespace {

alignas(16) uint8_t arena[ARENA_BYTES];

void PrintLayers() {
  for (int i = 0; i < layer_count; i++) printf("layer %d %s %" PRIu32 " cycles\n", i, layers[i].name, layers[i].cycles);
}

int Best(const TfLiteTensor* output) {
  int best = 0;
  for (size_t i = 1; i < output->bytes; i++) {
    if (output->data.int8[i] > output->data.int8[best]) best = static_cast<int>(i);
  }
  return best;
}

void PrintLabel(int index) {
  const char* label = network_labels;
  if (!*label) {
    printf(" label %d\n", index);
    return;
  }
  for (; *label && index > 0; index--) label += strcspn(label, " ") + 1;
  printf(" label %.*s\n", static_cast<int>(strcspn(label, " ")), label);
}

void PrintOutputs(int image, const TfLiteTensor* output) {
  printf("image %d outputs", image);
  if (output->type == kTfLiteInt8) {
    for (size_t i = 0; i < output->bytes; i++) printf(" %d", output->data.int8[i]);
    PrintLabel(Best(output));
  } else {
    for (size_t i = 0; i < output->bytes; i++) printf(" %02x", output->data.uint8[i]);
    printf(" raw\n");
  }
}

int Fail(const char* what) {
  printf("error %s\n", what);
  return 1;
}

int Run() {
  static tflite::MicroErrorReporter reporter;
  static tflite::MicroInterpreter interpreter(tflite::GetModel(network), Operators(), arena, sizeof arena, &reporter);
  printf("%s\n", build_name);
  if (interpreter.AllocateTensors() != kTfLiteOk) return Fail("the network does not fit this firmware");

  TfLiteTensor* input = interpreter.input(0);
  const uint32_t images_held = (images_end - images) / input->bytes;
  if (images_held == 0) return Fail("the images are smaller than the network's input");
  for (uint32_t i = 0; i < image_count; i++) {
    memcpy(input->data.raw, images + i % images_held * input->bytes, input->bytes);
    layer_count = 0;
    const uint32_t start = board_cycles();
    const TfLiteStatus status = interpreter.Invoke();
    const uint32_t cycles = board_cycles() - start;
    if (status != kTfLiteOk) return Fail("Invoke failed");
    if (i == 0) PrintLayers();
    printf("invoke %" PRIu32 " %" PRIu32 " cycles\n", i, cycles);
    PrintOutputs(static_cast<int>(i), interpreter.output(0));
  }
  printf("arena %u bytes\n", static_cast<unsigned>(interpreter.arena_used_bytes()));
  printf("done\n");
  return 0;
}

}  // namespace

int main() {
  board_init();
  board_exit(Run());
}
