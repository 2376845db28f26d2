// All operators that this TFLM has, of any version, each timed when it is invoked.
#pragma once

#include "tensorflow/lite/micro/micro_op_resolver.h"

const tflite::MicroOpResolver& Operators();
