// Rows of float64 numbers, borrowed: probabilities, logits or scores whose last digits count.
#pragma once

#include <cstddef>
#include <span>

namespace querist::metrics {

struct DoubleView {
  size_t rows = 0;
  size_t cols = 0;
  const double* values = nullptr;  // Row-major.

  std::span<const double> row(size_t i) const { return {values + i * cols, cols}; }
};

}  // namespace querist::metrics
