// Curvature of the cross-entropy: inputs' second moments by the outputs' covariances.
#include "learners/neural_head/laplace.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "kernels/cholesky.h"
#include "kernels/orthonormal.h"

namespace querist::learners {

static constexpr size_t most_joint_outputs = 256;  // More are taken one by one.

// inputs and a last 1 in double.
static std::vector<double> with_one(std::span<const float> inputs) {
  std::vector<double> out(inputs.begin(), inputs.end());
  out.push_back(1);
  return out;
}

void Laplace::soften(Loss loss, std::span<const float> inputs, std::span<float> scores) const {
  const std::vector<double> x = with_one(inputs);
  const size_t width = x.size(), outputs = scores.size();
  std::vector<double> squares(width);
  for (size_t i = 0; i < width; ++i) {
    double along = 0;
    for (size_t j = 0; j < width; ++j) along += axes[i * width + j] * x[j];
    squares[i] = along * along;
  }
  std::vector<double> variances(outputs);
  const double top = *std::ranges::max_element(output_values);
  for (size_t j = 0; j < outputs; ++j) {
    const double value = output_values[j];
    // All scores moved alike change no softmax: that direction does not count.
    if (!output_axes.empty() && value <= 1e-9 * top) continue;
    double sum = 0;
    for (size_t i = 0; i < width; ++i) sum += squares[i] / (values[i] * value + precision);
    if (output_axes.empty()) variances[j] = sum;
    for (size_t k = 0; k < outputs && !output_axes.empty(); ++k) {
      const double part = output_axes[j * outputs + k];
      variances[k] += part * part * sum;
    }
  }
  double mean = 0;
  if (loss == Loss::softmax) {
    for (const float score : scores) {
      mean += static_cast<double>(score) / static_cast<double>(outputs);
    }
  }
  for (size_t k = 0; k < outputs; ++k) {
    const double shrunk = std::sqrt(1 + std::numbers::pi / 8 * variances[k]);
    scores[k] = static_cast<float>((static_cast<double>(scores[k]) - mean) / shrunk);
  }
}

// Adds one row's share of B: diag(p) - p pᵀ, or p (1 - p) of each output on its own.
static void add_curvature(bool is_joint, std::span<const float> p, double weight,
                          std::vector<double>& b) {
  const size_t outputs = p.size();
  for (size_t k = 0; k < outputs; ++k) {
    const auto own = static_cast<double>(p[k]);
    if (!is_joint) {
      b[k] += weight * own * (1 - own);
      continue;
    }
    for (size_t l = 0; l < outputs; ++l) {
      b[k * outputs + l] += weight * own * ((k == l ? 1 : 0) - static_cast<double>(p[l]));
    }
  }
}

Laplace fit_laplace(Loss loss, const Layer& last, const EachBlock& blocks) {
  const size_t outputs = last.bias.size(), width = last.weights.cols + 1;
  const bool is_joint = loss == Loss::softmax && outputs <= most_joint_outputs;
  std::vector<double> a(width * width), b(is_joint ? outputs * outputs : outputs);
  double total = 0;
  blocks([&](const Matrix& inputs, const Matrix& scores, std::span<const float> weights) {
    std::vector<double> scaled;
    std::vector<float> p(outputs);
    for (size_t i = 0; i < inputs.rows; ++i) {
      const auto weight = static_cast<double>(weights[i]);
      for (const double value : with_one(inputs.row(i))) {
        scaled.push_back(std::sqrt(weight) * value);
      }
      std::ranges::copy(scores.row(i), p.begin());
      to_answers(loss, p);
      add_curvature(is_joint, p, weight, b);
      total += weight;
    }
    kernels::add_gram(scaled.data(), inputs.rows, width, a.data());
  });
  for (size_t i = 0; i < width; ++i) {
    for (size_t j = 0; j < i; ++j) a[j * width + i] = a[i * width + j];
  }
  for (double& value : b) value /= total;
  Laplace out;
  kernels::Eigen eigen = kernels::symmetric_eigen(std::move(a), width);
  out.axes = std::move(eigen.vectors);
  out.values = std::move(eigen.values);
  out.output_values = b;
  if (is_joint) {
    eigen = kernels::symmetric_eigen(std::move(b), outputs);
    out.output_axes = std::move(eigen.vectors);
    out.output_values = std::move(eigen.values);
  }
  for (double& value : out.values) value = std::max(value, 0.0);
  for (double& value : out.output_values) value = std::max(value, 0.0);
  double square = 1e-12;
  for (const float value : last.weights.values) square += std::pow(static_cast<double>(value), 2);
  for (const float value : last.bias) square += std::pow(static_cast<double>(value), 2);
  for (int step = 0; step < 50; ++step) {
    double determined = 0;
    for (const double x : out.values) {
      for (const double y : out.output_values) determined += x * y / (x * y + out.precision);
    }
    out.precision = std::clamp(determined / square, 1e-4, 1e6);
  }
  return out;
}

// Cross-entropy of one row's answers.
static double loss_of_row(Loss loss, std::span<const float> p, std::span<const float> targets) {
  double sum = 0;
  for (size_t k = 0; k < p.size(); ++k) {
    const auto own = static_cast<double>(p[k]), wanted = static_cast<double>(targets[k]);
    sum -= wanted * std::log(std::max(own, 1e-12));
    if (loss == Loss::sigmoid) sum -= (1 - wanted) * std::log(std::max(1 - own, 1e-12));
  }
  return sum;
}

double precision_of(const Layer& last) {
  double square = 1e-12;
  for (const float value : last.weights.values) square += std::pow(static_cast<double>(value), 2);
  for (const float value : last.bias) square += std::pow(static_cast<double>(value), 2);
  const auto count = static_cast<double>(last.weights.values.size() + last.bias.size());
  return std::clamp(count / square, 1e-4, 1e6);
}

double choose_precision(Loss loss, double usual, std::vector<HeldOut> parts) {
  double best = usual, least = INFINITY;
  std::vector<float> p;
  for (int step = 2; step >= -10; --step) {
    const double precision = usual * std::pow(10, step / 2.0);
    double sum = 0;
    for (HeldOut& part : parts) {
      part.posterior.precision = precision;
      for (size_t i = 0; i < part.scores.rows; ++i) {
        p.assign(part.scores.row(i).begin(), part.scores.row(i).end());
        part.posterior.soften(loss, part.inputs.row(i), p);
        to_answers(loss, p);
        sum += static_cast<double>(part.weights[i]) * loss_of_row(loss, p, part.targets.row(i));
      }
    }
    if (sum >= least) continue;
    least = sum;
    best = precision;
  }
  return best;
}

}  // namespace querist::learners
