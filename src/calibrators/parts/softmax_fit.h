// The linear map of logits that fits labels best, near one that it started from (Newton's method
// with conjugate gradients, Dembo and Steihaug 1983).
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "calibrators/calibrator.h"

namespace querist::calibrators {

// New logits that are linear in `size` numbers: of one row, and the transpose, which adds.
struct RowMap {
  size_t size = 0;
  std::function<void(std::span<const double> numbers, std::span<const double> logits,
                     std::span<double> mapped)>
      forward;
  std::function<void(std::span<const double> mapped, std::span<const double> logits,
                     std::span<double> numbers)>
      add_backward;
};

// Minimises the weighted sum of log losses of softmax(mapped) plus ridge / 2 * |numbers - start|^2.
// Stops when no entry of the gradient is above 1e-10 of the sum of weights, or after 100 steps.
// ridge must be above 0. Each step costs up to 100 passes of about 4 * rows * size flops.
std::vector<double> fit_softmax(const RowMap& map, const CalibrationSet& set,
                                const std::vector<double>& start, double ridge);

}  // namespace querist::calibrators
