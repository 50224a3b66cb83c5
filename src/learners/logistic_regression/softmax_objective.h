// The regularised loss of a linear softmax head, as scikit-learn states it, over dense or sparse
// rows.
#pragma once

#include <span>
#include <vector>

#include "base/matrix.h"
#include "learners/logistic_regression/lbfgs.h"

namespace querist::learners {

// Rows whose labels are 0 … classes-1, every class present at least once. Dense (never half) or
// sparse.
struct Problem {
  Features features;
  std::vector<int32_t> labels;
  std::vector<double> weights;  // One a row, class weights included.
  size_t classes = 0;

  // Two classes need one head: its score is the log odds of class 1, so the penalty falls on one
  // vector.
  size_t heads() const { return classes == 2 ? 1 : classes; }
  size_t size() const { return heads() * (features.cols + 1); }
};

// C * sum_i weight_i * loss_i + |W|^2 / 2, the biases free. The variables are W, by head for dense
// rows (head * cols + column) and by column for sparse ones (column * heads + head), then one bias
// a head.
Objective softmax_objective(const Problem& problem, double strength);

// Variable by variable, about the Hessian's diagonal at the start.
std::vector<double> curvature(const Problem& problem, double strength);

// Scores of the rows [begin, end) under a point laid out as above; result is (end - begin, heads).
Matrix head_scores(const Features& features, size_t begin, size_t end, size_t heads,
                   std::span<const double> point);

// Weighted sum of the log-loss of the rows' scores; writes weight * (p - y) into residuals unless
// it is empty.
double softmax_loss(std::span<const float> scores, std::span<const int32_t> labels,
                    std::span<const double> weights, size_t heads, std::span<float> residuals);

}  // namespace querist::learners
