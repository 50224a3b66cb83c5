// Steps against a fixed upper bound of the Hessian, so that no step needs a line search.
#include "kernels/multinomial_fit.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/interrupt.h"

namespace querist::kernels {

static double score(const double* weights, const double* row, size_t cols) {
  double sum = weights[cols];
  for (size_t j = 0; j < cols; ++j) sum += weights[j] * row[j];
  return sum;
}

size_t MultinomialModel::predict(std::span<const double> row) const {
  size_t best = 0;
  double top = score(weights.data(), row.data(), cols);
  for (size_t g = 1; g < classes; ++g) {
    const double value = score(weights.data() + g * (cols + 1), row.data(), cols);
    if (value > top) {
      top = value;
      best = g;
    }
  }
  return best;
}

// Cholesky factor of 1/2 [x, 1]'[x, 1] plus the penalty: the Hessian of every class never exceeds
// it.
class HessianBound {
 public:
  HessianBound(std::span<const double> x, size_t rows, size_t cols)
      : size_(cols + 1), factor_(size_ * size_, 0.0) {
    for (size_t i = 0; i < rows; ++i) {
      for (size_t a = 0; a < size_; ++a) {
        const double left = 0.5 * (a < cols ? x[i * cols + a] : 1);
        for (size_t b = 0; b <= a; ++b)
          factor_[a * size_ + b] += left * (b < cols ? x[i * cols + b] : 1);
      }
    }
    for (size_t a = 0; a < cols; ++a) factor_[a * size_ + a] += 1;
    for (size_t a = 0; a < size_; ++a) {
      for (size_t b = 0; b <= a; ++b) {
        double sum = factor_[a * size_ + b];
        for (size_t k = 0; k < b; ++k) sum -= factor_[a * size_ + k] * factor_[b * size_ + k];
        factor_[a * size_ + b] = a == b ? std::sqrt(sum) : sum / factor_[b * size_ + b];
      }
    }
  }

  void solve(double* v) const {
    for (size_t a = 0; a < size_; ++a) {
      for (size_t k = 0; k < a; ++k) v[a] -= factor_[a * size_ + k] * v[k];
      v[a] /= factor_[a * size_ + a];
    }
    for (size_t a = size_; a-- > 0;) {
      for (size_t k = a + 1; k < size_; ++k) v[a] -= factor_[k * size_ + a] * v[k];
      v[a] /= factor_[a * size_ + a];
    }
  }

 private:
  size_t size_;
  std::vector<double> factor_;
};

static std::vector<double> gradient_at(std::span<const double> x, const MultinomialModel& model,
                                       std::span<const int32_t> targets) {
  const size_t cols = model.cols, width = cols + 1;
  std::vector<double> gradient(model.weights.size(), 0);
  for (size_t k = 0; k < gradient.size(); ++k)
    gradient[k] = k % width == cols ? 0 : model.weights[k];
  std::vector<double> p(model.classes);
  for (size_t i = 0; i < targets.size(); ++i) {
    const double* row = x.data() + i * cols;
    for (size_t g = 0; g < p.size(); ++g) p[g] = score(model.weights.data() + g * width, row, cols);
    const double top = *std::max_element(p.begin(), p.end());
    double sum = 0;
    for (double& value : p) sum += value = std::exp(value - top);
    for (size_t g = 0; g < p.size(); ++g) {
      const double residual = p[g] / sum - (static_cast<size_t>(targets[i]) == g ? 1 : 0);
      double* out = gradient.data() + g * width;
      for (size_t j = 0; j < cols; ++j) out[j] += residual * row[j];
      out[cols] += residual;
    }
  }
  return gradient;
}

static MultinomialModel at_frequencies(size_t cols, std::span<const int32_t> targets,
                                       size_t classes) {
  MultinomialModel model{classes, cols, std::vector<double>(classes * (cols + 1), 0)};
  std::vector<double> counts(classes, 0);
  for (const int32_t target : targets) ++counts[static_cast<size_t>(target)];
  for (size_t g = 0; g < classes; ++g) {
    QUERIST_CHECK(counts[g] > 0);
    model.weights[g * (cols + 1) + cols] = std::log(counts[g]);
  }
  return model;
}

MultinomialModel fit_multinomial(std::span<const double> x, size_t cols,
                                 std::span<const int32_t> targets, size_t classes) {
  const size_t rows = targets.size();
  QUERIST_CHECK(rows > 0 && x.size() == rows * cols);
  const HessianBound bound(x, rows, cols);
  MultinomialModel model = at_frequencies(cols, targets, classes);
  std::vector<double> previous = model.weights;  // Without momentum.
  double pace = 1;
  for (size_t step = 0; step < 500; ++step) {
    check_interrupt();
    std::vector<double> gradient = gradient_at(x, model, targets);
    double largest = 0;
    for (const double g : gradient) largest = std::max(largest, std::abs(g));
    if (largest <= 1e-8 * static_cast<double>(rows)) break;
    std::vector<double> moved = gradient;
    for (size_t g = 0; g < classes; ++g) bound.solve(moved.data() + g * (cols + 1));
    double agreement = 0;
    for (size_t k = 0; k < moved.size(); ++k) {
      moved[k] = model.weights[k] - moved[k];
      agreement += gradient[k] * (moved[k] - previous[k]);
    }
    // Momentum that points uphill is dropped (O'Donoghue and Candès 2015).
    if (agreement > 0) pace = 1;
    const double next_pace = (1 + std::sqrt(1 + 4 * pace * pace)) / 2;
    const double momentum = (pace - 1) / next_pace;
    for (size_t k = 0; k < moved.size(); ++k)
      model.weights[k] = moved[k] + momentum * (moved[k] - previous[k]);
    previous = std::move(moved);
    pace = next_pace;
  }
  return model;
}

}  // namespace querist::kernels
