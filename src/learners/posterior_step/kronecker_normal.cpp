// Traces and determinants in the eigenvectors of the two factors: nothing of the size of their
// product is built.
#include "learners/posterior_step/kronecker_normal.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"
#include "kernels/cholesky.h"

namespace querist::learners {

static kernels::Eigen axes_of(const std::vector<double>& moments, size_t n) {
  kernels::Eigen axes = kernels::symmetric_eigen(moments, n);
  for (double& value : axes.values) value = std::max(value, 0.0);
  return axes;
}

KroneckerNormal kronecker_normal(std::vector<double> input_moments, size_t width,
                                 std::vector<double> output_moments, size_t outputs, double ridge) {
  QUERIST_CHECK(ridge > 0);
  KroneckerNormal normal{.width = width,
                         .outputs = outputs,
                         .input_moments = std::move(input_moments),
                         .output_moments = std::move(output_moments),
                         .ridge = ridge,
                         .input_axes = {},
                         .output_axes = {}};
  normal.input_axes = axes_of(normal.input_moments, width);
  normal.output_axes = axes_of(normal.output_moments, outputs);
  return normal;
}

// rowᵀ moments row for each of the axes.
static std::vector<double> squares_along(const kernels::Eigen& axes,
                                         const std::vector<double>& moments) {
  const size_t n = axes.values.size();
  std::vector<double> products(n * n), squares(n);
  kernels::multiply_rows(axes.vectors.data(), n, moments.data(), n, n, products.data());
  for (size_t i = 0; i < n; ++i) {
    const auto row = static_cast<std::ptrdiff_t>(i * n);
    squares[i] = std::inner_product(products.begin() + row,
                                    products.begin() + row + static_cast<std::ptrdiff_t>(n),
                                    axes.vectors.begin() + row, 0.0);
  }
  return squares;
}

// Σ_kl outputs[k, l] difference_kᵀ inputs difference_l.
static double curved_square(const KroneckerNormal& q, const std::vector<double>& difference) {
  std::vector<double> turned(q.outputs * q.width), products(q.outputs * q.outputs);
  kernels::multiply_rows(difference.data(), q.outputs, q.input_moments.data(), q.width, q.width,
                         turned.data());
  kernels::multiply_rows(turned.data(), q.outputs, difference.data(), q.outputs, q.width,
                         products.data());
  return std::inner_product(products.begin(), products.end(), q.output_moments.begin(), 0.0);
}

double divergence(const KroneckerNormal& p, const KroneckerNormal& q,
                  const MeanDifference& difference) {
  QUERIST_CHECK(p.width == q.width && p.outputs == q.outputs && p.ridge == q.ridge);
  QUERIST_CHECK(difference.within.size() == p.width * p.outputs);
  const std::vector<double> inputs = squares_along(p.input_axes, q.input_moments);
  const std::vector<double> outputs = squares_along(p.output_axes, q.output_moments);
  double twice = 0;  // Of the divergence; the trace less its size in one sum, where both cancel.
  for (size_t i = 0; i < p.width; ++i) {
    for (size_t j = 0; j < p.outputs; ++j) {
      const double own = p.input_axes.values[i] * p.output_axes.values[j] + p.ridge;
      const double other = q.input_axes.values[i] * q.output_axes.values[j] + q.ridge;
      twice += (inputs[i] * outputs[j] + q.ridge) / own - 1 + std::log(own / other);
    }
  }
  double square = difference.beyond_square;
  for (const double value : difference.within) square += value * value;
  twice += curved_square(q, difference.within) + q.ridge * square;
  return std::max(0.0, twice / 2);
}

}  // namespace querist::learners
