// Sums of rows, each by a coefficient: a few vectors of coefficients times a matrix.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/matrix.h"

namespace querist::kernels {

// A part of a row-major matrix: `stride` numbers from one row to the next.
struct Strip {
  const float* values = nullptr;
  size_t stride = 0;
  size_t cols = 0;
};

// What one tile of rows is added to: `coefficients` and `out` of the first sum, and how far it is
// to the next one's.
struct TileSums {
  const float* coefficients = nullptr;
  size_t pitch = 0;
  std::span<const uint32_t> used;
  float* out = nullptr;
  size_t out_stride = 0;
};

// out (coefficients.rows, x.cols), its rows out_stride apart, = Σ over `used` (ascending) of
// coefficients.at(k, i) · row i of x, on the calling thread. What is not in `used` is never read.
void combine_rows(MatrixView coefficients, std::span<const uint32_t> used, const Strip& x,
                  float* out, size_t out_stride);

}  // namespace querist::kernels
