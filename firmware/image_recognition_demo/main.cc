// Classifies what the camera sees and shows it on the LCD; a touch or the button freezes and releases the picture.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "board.h"
#include "buttons.h"
#include "camera.h"
#include "layers.h"
#include "network.h"
#include "operators.h"
#include "picture.h"
#include "screen.h"
#include "tensorflow/lite/micro/micro_error_reporter.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/schema/schema_generated.h"

extern "C" int sdram_init(void);

namespace {

constexpr uint32_t kCyclesPerMillisecond = 216000;
constexpr uint32_t kLookMilliseconds = 20;  // between two looks at the buttons while the picture stands

alignas(16) uint8_t arena[ARENA_BYTES];
alignas(32) uint16_t frame[CAMERA_WIDTH * CAMERA_HEIGHT];
uint8_t pixels[INPUT_SIDE * INPUT_SIDE * 3];

int Best(const TfLiteTensor* output) {
  int best = 0;
  for (size_t i = 1; i < output->bytes; i++) {
    if (output->data.int8[i] > output->data.int8[best]) best = static_cast<int>(i);
  }
  return best;
}

// The label's text, or its number where the network brings no labels.
void Label(int index, char* text, size_t size) {
  const char* label = network_labels;
  if (!*label) {
    snprintf(text, size, "%d", index);
    return;
  }
  for (; *label && index > 0; index--) label += strcspn(label, " ") + 1;
  snprintf(text, size, "%.*s", static_cast<int>(strcspn(label, " ")), label);
}

int Fail(const char* what) {
  printf("error %s\n", what);
  return 1;
}

// A softmax's int8 is a 256th for each step above -128.
unsigned Tenths(int8_t score) { return (static_cast<unsigned>(score + 128) * 1000u + 128u) / 256u; }

void Show(const TfLiteTensor* output, uint32_t number, uint32_t cycles) {
  char label[16];
  const int best = Best(output);
  const unsigned tenths = Tenths(output->data.int8[best]);
  Label(best, label, sizeof label);
  screen_show_camera(frame);
  screen_show_input(pixels);
  screen_show_label(label, tenths, (cycles + kCyclesPerMillisecond / 2) / kCyclesPerMillisecond);
  printf("frame %" PRIu32 " label %s %u.%u %% %" PRIu32 " cycles\n", number, label, tenths / 10u, tenths % 10u, cycles);
}

int Run() {
  static tflite::MicroErrorReporter reporter;
  static tflite::MicroInterpreter interpreter(tflite::GetModel(network), Operators(), arena, sizeof arena, &reporter);
  printf("%s\n", build_name);
  if (interpreter.AllocateTensors() != kTfLiteOk) return Fail("the network does not fit this firmware");
  TfLiteTensor* input = interpreter.input(0);
  if (input->type != kTfLiteInt8 || input->bytes != sizeof pixels) return Fail("the network takes no 32 x 32 int8 pictures");
  if (sdram_init()) return Fail("the SDRAM does not keep what is written");
  screen_init();
  buttons_init();
  if (camera_init()) return Fail("no camera answers");

  bool frozen = false;
  screen_show_state("live");
  for (uint32_t number = 0;;) {
    if (buttons_pressed()) {
      frozen = !frozen;
      screen_show_state(frozen ? "frozen" : "live");
      printf("%s\n", frozen ? "frozen" : "live");
    }
    if (frozen) {
      const uint32_t start = board_milliseconds();
      while (board_milliseconds() - start < kLookMilliseconds) __asm volatile("wfi");
      continue;
    }
    if (camera_snapshot(frame)) {
      printf("frame lost\n");
      continue;
    }
    picture_to_input(frame, CAMERA_WIDTH, CAMERA_HEIGHT, pixels);
    for (size_t i = 0; i < sizeof pixels; i++) input->data.int8[i] = static_cast<int8_t>(pixels[i] - 128);
    layer_count = 0;
    const uint32_t start = board_cycles();
    if (interpreter.Invoke() != kTfLiteOk) return Fail("Invoke failed");
    Show(interpreter.output(0), number++, board_cycles() - start);
  }
}

}  // namespace

int main() {
  board_init();
  board_exit(Run());
}
