// The loss of a softmax head along a line in its scores, with residuals and slope in one pass.
#pragma once

#include <cstddef>

namespace querist::kernels {

// Rows of a head in columns: every array of scores is (heads, stride), entry [k * stride + i] row
// i's. One head: two classes, its score the log odds of class 1.
struct SoftmaxRows {
  size_t stride = 0;  // Rows, a multiple of 8; rows that only fill up weigh 0.
  size_t heads = 0;
  const double* labels = nullptr;   // (stride), 0 … classes-1.
  const double* weights = nullptr;  // (stride)
};

struct LineLoss {
  double loss = 0;   // Sum of weight * log-loss at scores + step * direction.
  double slope = 0;  // Its derivative by the step.
};

// Scores and directions, a bias each ([heads]) added to every row of a head. Writes
// weight * (p - y) into residuals (heads, stride) and their sums over the rows into sums (heads).
LineLoss softmax_line(const SoftmaxRows& rows, const double* scores, const double* direction,
                      const double* bias, const double* bias_direction, double step,
                      double* residuals, double* sums);

}  // namespace querist::kernels
