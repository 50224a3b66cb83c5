// The small multinomial regression against its optimality conditions, taken independently.
#include "kernels/multinomial_fit.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"

namespace querist::kernels {

static double loss(const std::vector<double>& x, size_t cols, const std::vector<int32_t>& targets,
                   size_t classes, const std::vector<double>& weights) {
  double total = 0;
  for (size_t g = 0; g < classes; ++g) {
    for (size_t j = 0; j < cols; ++j) total += 0.5 * std::pow(weights[g * (cols + 1) + j], 2);
  }
  for (size_t i = 0; i < targets.size(); ++i) {
    double sum = 0, own = 0;
    for (size_t g = 0; g < classes; ++g) {
      double value = weights[g * (cols + 1) + cols];
      for (size_t j = 0; j < cols; ++j) value += weights[g * (cols + 1) + j] * x[i * cols + j];
      sum += std::exp(value);
      if (static_cast<size_t>(targets[i]) == g) own = value;
    }
    total += std::log(sum) - own;
  }
  return total;
}

TEST(MultinomialFit, LeavesNoSlopeInAnyDirection) {
  Rng rng(4);
  for (size_t trial = 0; trial < 200; ++trial) {
    const size_t cols = 1 + rng.below(5), classes = 1 + rng.below(4);
    const size_t rows = classes + rng.below(40);
    std::vector<double> x(rows * cols);
    for (double& v : x) v = rng.uniform();
    std::vector<int32_t> targets;
    for (size_t i = 0; i < rows; ++i)
      targets.push_back(static_cast<int32_t>(i < classes ? i : rng.below(classes)));
    const MultinomialModel model = fit_multinomial(x, cols, targets, classes);
    for (size_t k = 0; k < model.weights.size(); ++k) {
      // Central differences of a loss near 100 are right to about 1e-8; the solver stops at
      // 1e-8 a row.
      auto up = model.weights, down = model.weights;
      up[k] += 1e-5;
      down[k] -= 1e-5;
      const double slope =
          (loss(x, cols, targets, classes, up) - loss(x, cols, targets, classes, down)) / 2e-5;
      ASSERT_NEAR(slope, 0, 2e-6) << trial;
    }
  }
}

TEST(MultinomialFit, PredictsTheLikeliestClassAndTheLowerOfTwoEqualOnes) {
  const std::vector<double> x = {0, 0, 0, 1, 1, 1};
  const auto model = fit_multinomial(x, 1, std::vector<int32_t>{0, 0, 0, 1, 1, 1}, 2);
  EXPECT_EQ(model.predict(std::vector<double>{0.1}), 0u);
  EXPECT_EQ(model.predict(std::vector<double>{0.9}), 1u);
  const auto even = fit_multinomial(std::vector<double>{1, 1}, 1, std::vector<int32_t>{0, 1}, 2);
  EXPECT_EQ(even.predict(std::vector<double>{5}), 0u);
}

}  // namespace querist::kernels
