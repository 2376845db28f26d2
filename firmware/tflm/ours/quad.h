// Four int8 values at a time, each with an offset added: two words of two int16 each, as the DSP instructions take them.
#pragma once

#include "arm_nnsupportfunctions.h"

// What targets.SWITCHED sets otherwise, to measure what it is worth.
#ifndef OURS_INLINE
#define OURS_INLINE __attribute__((always_inline))
#endif
#ifndef OURS_DOUBLING
#define OURS_DOUBLING arm_nn_doubling_high_mult_no_sat
#endif

struct Quad {
  // Values 0 and 2 in the halves of `even`, 1 and 3 in those of `odd`; `offset` holds the offset in both halves.
  static Quad Load(const int8_t* values, uint32_t offset) {
    const uint32_t packed = arm_nn_read_s8x4(values);
    return {__SXTAB16(offset, packed), __SXTAB16(offset, __ROR(packed, 8))};
  }
  static uint32_t Offset(int32_t offset) { return __PKHBT(offset, offset, 16); }

  int32_t operator[](int i) const {
    const uint32_t pair = i % 2 ? odd : even;
    return i < 2 ? static_cast<int16_t>(pair) : static_cast<int32_t>(pair) >> 16;
  }

  uint32_t even, odd;
};

inline void StoreQuad(int8_t* output, int32_t v0, int32_t v1, int32_t v2, int32_t v3) {
  const uint32_t word = (v0 & 0xff) | (v1 & 0xff) << 8 | (v2 & 0xff) << 16 | static_cast<uint32_t>(v3) << 24;
  memcpy(output, &word, sizeof word);
}

inline int32_t Clamp(int32_t value, int32_t low, int32_t high) { return MIN(MAX(value, low), high); }
