// What tensorflow/lite/micro/testing/test_utils.h declares; the crate has the header and not the source. Without what no test uses.
#include "tensorflow/lite/micro/testing/test_utils.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tensorflow/lite/micro/simple_memory_allocator.h"

namespace tflite {
namespace testing {
namespace {

constexpr size_t kAlignment = 16;
constexpr int kMostScratches = 8;

// What a kernel may allocate in one test: begun anew by each PopulateContext.
alignas(kAlignment) uint8_t arena[16 * 1024];
SimpleMemoryAllocator* allocator;
void* scratches[kMostScratches];
int scratch_count;

TfLiteStatus AllocatePersistentBuffer(TfLiteContext*, size_t bytes, void** buffer) {
  *buffer = allocator->AllocateFromTail(bytes, kAlignment);
  return *buffer ? kTfLiteOk : kTfLiteError;
}

TfLiteStatus RequestScratchBufferInArena(TfLiteContext*, size_t bytes, int* index) {
  if (scratch_count == kMostScratches) return kTfLiteError;
  void* buffer = allocator->AllocateFromTail(bytes, kAlignment);
  if (buffer == nullptr) return kTfLiteError;
  *index = scratch_count;
  scratches[scratch_count++] = buffer;
  return kTfLiteOk;
}

void* GetScratchBuffer(TfLiteContext*, int index) {
  return index >= 0 && index < scratch_count ? scratches[index] : nullptr;
}

template <typename T>
T Quantize(float value, float scale, int zero_point) {
  const double steps = std::round(static_cast<double>(value) / static_cast<double>(scale)) + zero_point;
  const double low = std::numeric_limits<T>::min(), high = std::numeric_limits<T>::max();
  return static_cast<T>(std::min(std::max(steps, low), high));
}

template <typename T>
T QuantizeInRange(float value, float min, float max) {
  return Quantize<T>(value, ScaleFromMinMax<T>(min, max), ZeroPointFromMinMax<T>(min, max));
}

template <typename T>
TfLiteTensor QuantizedInRange(const T* data, TfLiteIntArray* dims, const char* name, float min, float max,
                              bool is_variable) {
  return CreateQuantizedTensor(data, dims, ScaleFromMinMax<T>(min, max), ZeroPointFromMinMax<T>(min, max), name,
                               is_variable);
}

}  // namespace

uint8_t F2Q(float value, float min, float max) { return QuantizeInRange<uint8_t>(value, min, max); }

int8_t F2QS(float value, float min, float max) { return QuantizeInRange<int8_t>(value, min, max); }

int32_t F2Q32(float value, float scale) { return Quantize<int32_t>(value, scale, 0); }

void PopulateContext(TfLiteTensor* tensors, int tensors_size, ErrorReporter* error_reporter, TfLiteContext* context) {
  allocator = CreateInPlaceSimpleMemoryAllocator(error_reporter, arena, sizeof arena);
  scratch_count = 0;
  *context = {};
  context->tensors_size = tensors_size;
  context->tensors = tensors;
  context->impl_ = error_reporter;
  context->ReportError = ReportOpError;
  context->recommended_num_threads = 1;
  context->AllocatePersistentBuffer = AllocatePersistentBuffer;
  context->RequestScratchBufferInArena = RequestScratchBufferInArena;
  context->GetScratchBuffer = GetScratchBuffer;
  for (int i = 0; i < tensors_size; i++) {
    if (tensors[i].is_variable) std::fill_n(tensors[i].data.raw, tensors[i].bytes, 0);
  }
}

TfLiteTensor CreateFloatTensor(std::initializer_list<float> data, TfLiteIntArray* dims, const char* name,
                               bool is_variable) {
  return CreateFloatTensor(data.begin(), dims, name, is_variable);
}

TfLiteTensor CreateBoolTensor(std::initializer_list<bool> data, TfLiteIntArray* dims, const char* name,
                              bool is_variable) {
  return CreateBoolTensor(data.begin(), dims, name, is_variable);
}

TfLiteTensor CreateQuantizedTensor(const uint8_t* data, TfLiteIntArray* dims, const char* name, float min, float max,
                                   bool is_variable) {
  return QuantizedInRange(data, dims, name, min, max, is_variable);
}

TfLiteTensor CreateQuantizedTensor(std::initializer_list<uint8_t> data, TfLiteIntArray* dims, const char* name,
                                   float min, float max, bool is_variable) {
  return QuantizedInRange(data.begin(), dims, name, min, max, is_variable);
}

TfLiteTensor CreateQuantizedTensor(const int8_t* data, TfLiteIntArray* dims, const char* name, float min, float max,
                                   bool is_variable) {
  return QuantizedInRange(data, dims, name, min, max, is_variable);
}

TfLiteTensor CreateQuantizedTensor(std::initializer_list<int8_t> data, TfLiteIntArray* dims, const char* name,
                                   float min, float max, bool is_variable) {
  return QuantizedInRange(data.begin(), dims, name, min, max, is_variable);
}

TfLiteTensor CreateQuantized32Tensor(const int32_t* data, TfLiteIntArray* dims, const char* name, float scale,
                                     bool is_variable) {
  TfLiteTensor tensor = CreateInt32Tensor(data, dims, name, is_variable);
  tensor.params = {scale, 0};
  tensor.quantization = {kTfLiteAffineQuantization, nullptr};
  return tensor;
}

TfLiteTensor CreateQuantized32Tensor(std::initializer_list<int32_t> data, TfLiteIntArray* dims, const char* name,
                                     float scale, bool is_variable) {
  return CreateQuantized32Tensor(data.begin(), dims, name, scale, is_variable);
}

}  // namespace testing
}  // namespace tflite
