// Rows are taken in blocks whose bounds depend on their number alone, so threads never change a
// sum.
#include "learners/logistic_regression/softmax_objective.h"

#include <algorithm>
#include <cmath>

#include "base/threads.h"
#include "kernels/softmax_regression.h"

namespace querist::learners {

static constexpr size_t tile_rows =
    64;  // Scores and gradient of a tile read its rows while they are in cache.

static bool is_sparse(const Features& features) { return features.kind == Features::Kind::sparse; }

static void tile_scores(const Features& features, size_t begin, size_t end, size_t heads,
                        std::span<const float> point, float* scores) {
  const float* bias = point.data() + heads * features.cols;
  if (is_sparse(features)) {
    kernels::sparse_scores(features.sparse, begin, end, point.data(), bias, heads, scores);
  } else {
    kernels::dense_scores(features.dense + begin * features.cols, end - begin, features.cols,
                          point.data(), bias, heads, scores);
  }
}

// Two classes, one score: loss is ln(1 + e^z) - y z.
static double binary_loss(float score, int32_t label, double weight, float* residual) {
  const double z = score;
  const double small = std::exp(-std::abs(z));
  if (residual) {
    const double p = z >= 0 ? 1 / (1 + small) : small / (1 + small);
    *residual = static_cast<float>(weight * (p - label));
  }
  return weight * (std::max(z, 0.0) + std::log1p(small) - label * z);
}

static double row_loss(std::span<const float> z, int32_t label, double weight, float* residuals) {
  const double top = *std::max_element(z.begin(), z.end());
  double sum = 0;
  for (const float score : z) sum += std::exp(score - top);
  if (residuals) {
    for (size_t k = 0; k < z.size(); ++k) {
      const double p = std::exp(z[k] - top) / sum;
      residuals[k] = static_cast<float>(weight * (p - (static_cast<size_t>(label) == k)));
    }
  }
  return weight * (top + std::log(sum) - z[static_cast<size_t>(label)]);
}

double softmax_loss(std::span<const float> scores, std::span<const int32_t> labels,
                    std::span<const double> weights, size_t heads, std::span<float> residuals) {
  double sum = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    float* residual = residuals.empty() ? nullptr : residuals.data() + i * heads;
    sum += heads == 1 ? binary_loss(scores[i], labels[i], weights[i], residual)
                      : row_loss(scores.subspan(i * heads, heads), labels[i], weights[i], residual);
  }
  return sum;
}

// Loss and gradient of the rows [begin, end), the gradient added to a float32 block of its own.
static double block_loss(const Problem& problem, size_t begin, size_t end,
                         std::span<const float> point, std::span<float> gradient) {
  const size_t heads = problem.heads();
  const size_t cols = problem.features.cols;
  std::vector<float> scores(tile_rows * heads);
  std::vector<float> residuals(tile_rows * heads);
  double loss = 0;
  for (size_t from = begin; from < end; from += tile_rows) {
    const size_t to = std::min(end, from + tile_rows);
    const size_t count = to - from;
    const auto weights = std::span(problem.weights).subspan(from, count);
    if (std::all_of(weights.begin(), weights.end(), [](double w) { return w == 0; })) continue;
    tile_scores(problem.features, from, to, heads, point, scores.data());
    loss += softmax_loss(std::span(scores).first(count * heads),
                         std::span(problem.labels).subspan(from, count), weights, heads, residuals);
    if (is_sparse(problem.features)) {
      kernels::add_sparse_outer_products(problem.features.sparse, from, to, residuals.data(), heads,
                                         gradient.data());
    } else {
      kernels::add_outer_products(problem.features.dense + from * cols, count, cols,
                                  residuals.data(), heads, gradient.data());
    }
    for (size_t i = 0; i < count * heads; ++i) gradient[heads * cols + i % heads] += residuals[i];
  }
  return loss;
}

static double evaluate(const Problem& problem, double strength, std::span<const double> point,
                       std::span<double> gradient) {
  const size_t rows = problem.features.rows;
  const size_t size = problem.size();
  const size_t block = std::max<size_t>(2048, (rows + 15) / 16);
  const size_t blocks = (rows + block - 1) / block;
  const std::vector<float> narrow(point.begin(), point.end());
  std::vector<float> gradients(blocks * size);
  std::vector<double> losses(blocks);
  parallel_for(blocks, 1, [&](size_t begin, size_t end) {
    for (size_t b = begin; b < end; ++b) {
      losses[b] = block_loss(problem, b * block, std::min(rows, (b + 1) * block), narrow,
                             std::span(gradients).subspan(b * size, size));
    }
  });
  double loss = 0;
  for (const double part : losses) loss += part;
  const size_t penalised = problem.heads() * problem.features.cols;
  double squares = 0;
  for (size_t i = 0; i < size; ++i) {
    double sum = 0;
    for (size_t b = 0; b < blocks; ++b) sum += static_cast<double>(gradients[b * size + i]);
    gradient[i] = strength * sum;
    if (i < penalised) {
      gradient[i] += point[i];
      squares += point[i] * point[i];
    }
  }
  return strength * loss + squares / 2;
}

Objective softmax_objective(const Problem& problem, double strength) {
  return [&problem, strength](std::span<const double> point, std::span<double> gradient) {
    return evaluate(problem, strength, point, gradient);
  };
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

Matrix head_scores(const Features& features, size_t begin, size_t end, size_t heads,
                   std::span<const double> point) {
  const std::vector<float> narrow(point.begin(), point.end());
  Matrix scores(end - begin, heads);
  tile_scores(features, begin, end, heads, narrow, scores.values.data());
  return scores;
}

}  // namespace querist::learners
