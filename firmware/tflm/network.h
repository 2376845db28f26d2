// What the build links in beside the program.
#pragma once

#include <stdint.h>

extern "C" {
extern const uint8_t network[];      // the flatbuffer
extern const char network_labels[];  // parted by spaces, empty where nobody knows them
extern const uint8_t images[];       // input tensors, one behind the other
extern const uint8_t images_end[];
extern const char build_name[];
}
