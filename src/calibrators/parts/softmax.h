// Softmax of a row, and how each calibrator reads a set's rows.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>

#include "calibrators/calibrator.h"

namespace querist::calibrators {

inline double weight_of(const CalibrationSet& set, size_t row) {
  return set.weights.empty() ? 1 : set.weights[row];
}

// probabilities = softmax(scale * logits); answers ln of the sum of exponentials of scale * logits.
inline double softmax(std::span<const double> logits, double scale,
                      std::span<double> probabilities) {
  const double top = scale * *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (size_t k = 0; k < logits.size(); ++k)
    sum += probabilities[k] = std::exp(scale * logits[k] - top);
  for (double& p : probabilities) p /= sum;
  return top + std::log(sum);
}

// Makes a row sum to 1; rows of zeros become uniform.
inline void normalise(std::span<double> row) {
  double sum = 0;
  for (const double value : row) sum += value;
  for (double& value : row) value = sum > 0 ? value / sum : 1 / static_cast<double>(row.size());
}

}  // namespace querist::calibrators
