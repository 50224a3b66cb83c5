// What a linear softmax head is fitted to, as scikit-learn states it, and how its points are laid
// out.
#pragma once

#include <span>
#include <vector>

#include "base/matrix.h"

namespace querist::learners {

// Rows whose labels are 0 … classes-1, every class present at least once. Dense (never half) or
// sparse.
struct Problem {
  Features features;
  std::vector<int32_t> labels;
  std::vector<double> weights;  // One a row, class weights included; 0: not learnt from.
  size_t classes = 0;

  // Two classes need one head: its score is the log odds of class 1, so the penalty falls on one
  // vector.
  size_t heads() const { return classes == 2 ? 1 : classes; }
  size_t size() const { return heads() * (features.cols + 1); }
};

// The objective is C * sum_i weight_i * loss_i + |W|^2 / 2, the biases free. A point is W, by head
// for dense rows (head * cols + column) and by column for sparse ones (column * heads + head), then
// one bias a head.

struct FitOptions {
  int max_iterations = 200;
  // Ends once gradient' D^-1 gradient, about twice what is still to be gained, is at most
  // `remaining` or this share of the objective.
  double remaining = 0;
  double remaining_share = 0;
};

struct FitResult {
  double value = 0;
  int iterations = 0;
  bool converged = false;
};

// Variable by variable, about the Hessian's diagonal where all classes are equally likely.
std::vector<double> curvature(const Problem& problem, double strength);

// Scores of the rows [begin, end) under a point; result is (end - begin, heads).
void head_scores(const Features& features, size_t begin, size_t end, size_t heads,
                 std::span<const float> point, float* scores);

// Weighted sum of the log-loss of the rows' scores (rows, heads).
double softmax_loss(std::span<const float> scores, std::span<const int32_t> labels,
                    std::span<const double> weights, size_t heads);

}  // namespace querist::learners
