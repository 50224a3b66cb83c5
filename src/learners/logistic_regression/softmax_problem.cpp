// Plain sums over the rows; what a fit repeats stands in column_fit.cpp.
#include "learners/logistic_regression/softmax_problem.h"

#include <algorithm>
#include <cmath>

#include "kernels/linear_probabilities.h"
#include "kernels/softmax_regression.h"
#include "kernels/weighted_moments.h"

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

ColumnMoments column_moments(const Problem& problem) {
  const Features& x = problem.features;
  ColumnMoments out{.means = std::vector<double>(x.cols), .variances = std::vector<double>(x.cols)};
  for (const double weight : problem.weights) out.weight += weight;
  if (!is_sparse(x)) {
    kernels::weighted_moments(x.dense, x.rows, x.cols, problem.weights, out.means, out.variances);
    return out;
  }
  std::vector<double> met(x.cols);  // The weight of the rows that have an entry.
  const auto each_entry = [&](const auto& visit) {
    for (size_t i = 0; i < x.rows; ++i) {
      if (problem.weights[i] == 0) continue;
      for (int64_t at = x.sparse.offsets[i]; at < x.sparse.offsets[i + 1]; ++at)
        visit(static_cast<size_t>(x.sparse.columns[at]), problem.weights[i],
              static_cast<double>(x.sparse.values[at]));
    }
  };
  each_entry([&](size_t j, double weight, double value) { out.means[j] += weight * value; });
  for (double& mean : out.means) mean /= out.weight;
  // Twice over the rows: the difference of two large sums would say nothing.
  each_entry([&](size_t j, double weight, double value) {
    const double gap = value - out.means[j];
    out.variances[j] += weight * gap * gap;
    met[j] += weight;
  });
  for (size_t j = 0; j < x.cols; ++j) {
    const double zeros = out.weight - met[j];
    out.variances[j] = (out.variances[j] + zeros * out.means[j] * out.means[j]) / out.weight;
  }
  return out;
}

std::vector<double> curvature(const Problem& problem, const ColumnMoments& moments,
                              double strength) {
  const size_t heads = problem.heads();
  const size_t cols = problem.features.cols;
  const auto classes = static_cast<double>(problem.classes);
  const double spread = strength * moments.weight * (classes - 1) /
                        (classes * classes);  // p(1-p) where all p are equal.
  std::vector<double> out(problem.size(), spread);
  for (size_t j = 0; j < cols; ++j) {
    for (size_t k = 0; k < heads; ++k) {
      out[is_sparse(problem.features) ? j * heads + k : k * cols + j] =
          1 + spread * moments.variances[j];
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
