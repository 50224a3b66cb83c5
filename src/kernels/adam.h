// One step of Adam (Kingma and Ba 2015) with decoupled weight decay (Loshchilov and Hutter 2019).
#pragma once

#include <cstddef>
#include <span>

namespace querist::kernels {

struct AdamStep {
  float rate = 1e-3f;
  float decay = 0;   // Each weight also loses rate · decay of itself.
  float first = 1;   // 1 - beta1^t: the first moment's bias.
  float second = 1;  // 1 - beta2^t.
  float beta1 = 0.9f;
  float beta2 = 0.999f;
  float epsilon = 1e-8f;
};

// Moves the weights against the gradient, and both moments along; all of one length (checked).
// Bytes: 28 a weight. A weight's result depends on its own numbers alone, bit for bit.
void adam_step(const AdamStep& step, std::span<const float> gradient, std::span<float> weights,
               std::span<float> moments, std::span<float> squares);

}  // namespace querist::kernels
