// The reference kernel behind a fast one, for the types and shapes that the fast one does not take.
#pragma once

#include "tensorflow/lite/c/common.h"

class Fallback {
 public:
  void Init(TfLiteRegistration* registration, TfLiteContext* context, const char* buffer, size_t length) {
    registration_ = registration;
    data_ = registration->init ? registration->init(context, buffer, length) : nullptr;
  }
  TfLiteStatus Prepare(TfLiteContext* context, TfLiteNode* node) const {
    return registration_->prepare ? Call(registration_->prepare, context, node) : kTfLiteOk;
  }
  TfLiteStatus Invoke(TfLiteContext* context, TfLiteNode* node) const {
    return Call(registration_->invoke, context, node);
  }

 private:
  TfLiteStatus Call(TfLiteStatus (*function)(TfLiteContext*, TfLiteNode*), TfLiteContext* context,
                    TfLiteNode* node) const {
    void* own = node->user_data;
    node->user_data = data_;
    TfLiteStatus status = function(context, node);
    node->user_data = own;
    return status;
  }

  TfLiteRegistration* registration_;
  void* data_;
};
