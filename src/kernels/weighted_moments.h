// Means and variances of columns, each row by its weight.
#pragma once

#include <cstddef>
#include <span>

namespace querist::kernels {

// x is (rows, cols), weights (rows) with a positive sum; rows of weight 0 may hold anything.
// Variances are mean squares of the differences from the means, taken in a second pass: the
// difference of two large sums would say nothing. Both outputs are (cols).
void weighted_moments(const float* x, size_t rows, size_t cols, std::span<const double> weights,
                      std::span<double> means, std::span<double> variances);

}  // namespace querist::kernels
