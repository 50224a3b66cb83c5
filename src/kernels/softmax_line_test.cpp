// The fused line of softmax losses against its definition, on every supported kind of processor.
#include "kernels/softmax_line.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/rng.h"
#include "kernels/every_target_fixture.h"

namespace querist::kernels {

struct Line {
  size_t rows, stride, heads;
  std::vector<double> labels, weights, scores, direction, bias, bias_direction;

  Line(size_t n, size_t k, double spread) : rows(n), stride((n + 7) / 8 * 8), heads(k) {
    Rng rng(n * 31 + k);
    labels.resize(stride);
    weights.resize(stride);
    for (size_t i = 0; i < n; ++i) {
      labels[i] = static_cast<double>(rng.below(std::max<size_t>(2, k)));
      weights[i] = i % 5 == 3 ? 0 : 0.5 + rng.uniform();
    }
    const auto fill = [&](std::vector<double>& values, size_t count) {
      for (size_t i = 0; i < count; ++i) values.push_back(spread * rng.normal());
    };
    fill(scores, stride * k);
    fill(direction, stride * k);
    fill(bias, k);
    fill(bias_direction, k);
  }

  double score(size_t i, size_t k, double step) const {
    return scores[k * stride + i] + step * direction[k * stride + i] + bias[k] +
           step * bias_direction[k];
  }
  // The residuals of row i without its weight; returns its loss.
  double row(size_t i, double step, std::vector<double>& residuals) const {
    std::vector<double> z;
    if (heads == 1) z.push_back(0);
    for (size_t k = 0; k < heads; ++k) z.push_back(score(i, k, step));
    const double top = *std::max_element(z.begin(), z.end());
    double sum = 0;
    for (const double value : z) sum += std::exp(value - top);
    const auto own = static_cast<size_t>(labels[i]);
    residuals.clear();
    for (size_t k = heads == 1 ? 1 : 0; k < z.size(); ++k)
      residuals.push_back(std::exp(z[k] - top) / sum - (k == own));
    return top + std::log(sum) - z[own];
  }
};

TEST(SoftmaxLine, EqualsTheDefinitionOnEveryTargetAndShape) {
  for (const auto& [rows, heads, spread] :
       {std::tuple{1, 1, 1.0}, {9, 1, 200.0}, {8, 3, 1.0}, {21, 4, 5.0}, {40, 26, 300.0}}) {
    const Line line(rows, heads, spread);
    on_every_target([&] {
      for (const double step : {0.0, 0.7}) {
        std::vector<double> residuals(line.scores.size()), sums(line.heads);
        const LineLoss got =
            softmax_line({line.stride, line.heads, line.labels.data(), line.weights.data()},
                         line.scores.data(), line.direction.data(), line.bias.data(),
                         line.bias_direction.data(), step, residuals.data(), sums.data());
        double loss = 0, slope = 0;
        std::vector<double> totals(line.heads), own;
        for (size_t i = 0; i < line.rows; ++i) {
          loss += line.weights[i] * line.row(i, step, own);
          for (size_t k = 0; k < line.heads; ++k) {
            const double residual = line.weights[i] * own[k];
            // Exponentials err by about 1e-15 of their value times their exponent's size.
            ASSERT_NEAR(residuals[k * line.stride + i], residual, 1e-11);
            totals[k] += residual;
            slope += residual * (line.direction[k * line.stride + i] + line.bias_direction[k]);
          }
        }
        ASSERT_NEAR(got.loss, loss, 1e-11 * (1 + std::abs(loss)));
        ASSERT_NEAR(got.slope, slope, 1e-9 * (1 + spread));
        for (size_t k = 0; k < line.heads; ++k) ASSERT_NEAR(sums[k], totals[k], 1e-10);
      }
    });
  }
}

}  // namespace querist::kernels
