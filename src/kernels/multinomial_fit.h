// A small multinomial logistic regression in double, the same on every run (Böhning 1992, with
// Nesterov's momentum).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace querist::kernels {

struct MultinomialModel {
  size_t classes = 0;
  size_t cols = 0;
  std::vector<double> weights;  // (classes, cols + 1), the bias last.

  // The likeliest class of a row of cols numbers; ties go to the lower class.
  size_t predict(std::span<const double> row) const;
};

// Minimises the sum of the log losses plus 1/2 |weights|^2 (biases are free, as scikit-learn has it
// at C = 1). x: (rows, cols), row-major; targets: classes from 0, each seen at least once. Stops
// when no entry of the gradient is above 1e-8 * rows, and after 500 steps. Each step takes
// 4 * rows * classes * cols flops; the bound on the Hessian is factored once, in cols^3 / 3.
MultinomialModel fit_multinomial(std::span<const double> x, size_t cols,
                                 std::span<const int32_t> targets, size_t classes);

}  // namespace querist::kernels
