// Uncertainty of predicted class probabilities, one number a row (Settles 2009); each row holds
// `classes` probabilities.
#pragma once

#include <cstddef>
#include <span>

namespace querist::kernels {

// 1 - p(1): one minus the largest probability.
void least_confidences(std::span<const float> probabilities, size_t classes, std::span<float> out);
// p(1) - p(2): the gap between the two largest; 1 when there is only one class.
void margins(std::span<const float> probabilities, size_t classes, std::span<float> out);
// p(2) / p(1): the second largest over the largest; 0 when there is only one class.
void ratios(std::span<const float> probabilities, size_t classes, std::span<float> out);
// -sum p ln p, in nats.
void entropies(std::span<const float> probabilities, size_t classes, std::span<float> out);

}  // namespace querist::kernels
