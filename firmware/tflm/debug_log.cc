// Where TFLM writes its messages.
#include "tensorflow/lite/micro/debug_log.h"

#include <string.h>

#include "board.h"

extern "C" void DebugLog(const char* text) { board_write(text, static_cast<int>(strlen(text))); }
