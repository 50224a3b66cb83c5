// Plain sums over the rows; what a fit repeats stands in column_fit.cpp.
#include "learners/logistic_regression/softmax_problem.h"

#include <algorithm>
#include <cmath>

#include "kernels/linear_probabilities.h"
#include "kernels/softmax_regression.h"

namespace querist::learners {

static bool is_sparse(const Features& features) { return features.kind == Features::Kind::sparse; }

// Two classes, one score: the loss is ln(1 + e^z) - y z.
static double binary_loss(double z, int32_t label) {
  return std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z))) - label * z;
}

static double row_loss(std::span<const float> z, int32_t label) {
  const double top = *std::max_element(z.begin(), z.end());
  double sum = 0;
  for (const float score : z) sum += std::exp(score - top);
  return top + std::log(sum) - z[static_cast<size_t>(label)];
}

double softmax_loss(std::span<const float> scores, std::span<const int32_t> labels,
                    std::span<const double> weights, size_t heads) {
  double sum = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    sum += weights[i] * (heads == 1 ? binary_loss(scores[i], labels[i])
                                    : row_loss(scores.subspan(i * heads, heads), labels[i]));
  }
  return sum;
}

std::vector<double> curvature(const Problem& problem, double strength) {
  const Features& features = problem.features;
  const size_t heads = problem.heads();
  const auto classes = static_cast<double>(problem.classes);
  const double spread =
      strength * (classes - 1) / (classes * classes);  // p(1-p) where all p are equal.
  std::vector<double> squares(features.cols);
  double total = 0;
  for (size_t i = 0; i < features.rows; ++i) {
    const double weight = problem.weights[i];
    total += weight;
    if (is_sparse(features)) {
      for (int64_t at = features.sparse.offsets[i]; at < features.sparse.offsets[i + 1]; ++at) {
        const double value = features.sparse.values[at];
        squares[static_cast<size_t>(features.sparse.columns[at])] += weight * value * value;
      }
    } else {
      const float* row = features.dense + i * features.cols;
      for (size_t j = 0; j < features.cols; ++j) {
        squares[j] += weight * (static_cast<double>(row[j]) * static_cast<double>(row[j]));
      }
    }
  }
  std::vector<double> out(problem.size(), spread * total);
  for (size_t j = 0; j < features.cols; ++j) {
    for (size_t k = 0; k < heads; ++k) {
      out[is_sparse(features) ? j * heads + k : k * features.cols + j] = 1 + spread * squares[j];
    }
  }
  return out;
}

void head_scores(const Features& features, size_t begin, size_t end, size_t heads,
                 std::span<const float> point, float* scores) {
  const float* bias = point.data() + heads * features.cols;
  if (is_sparse(features)) {
    kernels::sparse_scores(features.sparse, begin, end, point.data(), bias, heads, scores);
  } else {
    kernels::linear_scores(features.dense + begin * features.cols, end - begin, features.cols,
                           point.data(), bias, heads, scores);
  }
}

}  // namespace querist::learners
