// Class probabilities in either precision, borrowed; arithmetic on them is in double.
#pragma once

#include <span>

#include "base/matrix.h"

namespace querist::consensus {

struct Probabilities {
  size_t rows = 0;
  size_t cols = 0;
  const float* floats = nullptr;
  const double* doubles = nullptr;

  Probabilities() = default;
  Probabilities(MatrixView m) : rows(m.rows), cols(m.cols), floats(m.values) {}
  Probabilities(size_t r, size_t c, const double* v) : rows(r), cols(c), doubles(v) {}

  void copy_row(size_t i, std::span<double> out) const {
    for (size_t k = 0; k < cols; ++k) {
      out[k] = doubles ? doubles[i * cols + k] : static_cast<double>(floats[i * cols + k]);
    }
  }
};

}  // namespace querist::consensus
