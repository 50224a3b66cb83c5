// The quantile of the range of normal variables is integrated and bisected, not read from a table,
// so that any number of methods has one.
#include "metrics/multiple_comparisons.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "base/error.h"
#include "metrics/distributions.h"

namespace querist::metrics {

std::vector<double> holm(std::span<const double> p_values) {
  std::vector<size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> corrected(p_values.size());
  double so_far = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    const double p = p_values[order[i]];
    if (!(p >= 0 && p <= 1)) refuse("a p value must lie in 0 … 1, not {}", p);
    so_far = std::max(so_far, std::min(1.0, p * static_cast<double>(order.size() - i)));
    corrected[order[i]] = so_far;
  }
  return corrected;
}

std::vector<double> descending_ranks(std::span<const double> values) {
  std::vector<double> ranks;
  for (const double value : values) {
    const auto above =
        std::count_if(values.begin(), values.end(), [&](double other) { return other > value; });
    const auto equal = std::count(values.begin(), values.end(), value);
    ranks.push_back(static_cast<double>(above) + (static_cast<double>(equal) + 1) / 2);
  }
  return ranks;
}

TestResult friedman(std::span<const double> values, size_t methods) {
  if (methods < 2 || values.size() < 2 * methods || values.size() % methods != 0)
    refuse("Friedman's test needs two methods or more on two blocks or more");
  const size_t blocks = values.size() / methods;
  const auto k = static_cast<double>(methods);
  const auto n = static_cast<double>(blocks);
  std::vector<double> sums(methods);
  double squares = 0;
  for (size_t b = 0; b < blocks; ++b) {
    const auto ranks = descending_ranks(values.subspan(b * methods, methods));
    for (size_t m = 0; m < methods; ++m) {
      sums[m] += ranks[m];
      squares += ranks[m] * ranks[m];
    }
  }
  const double centre = n * k * (k + 1) * (k + 1) / 4;
  double between = 0;
  for (const double sum : sums) between += sum * sum / n;
  const double spread = squares - centre;  // Zero where every block is one tie.
  if (!(spread > 1e-12 * squares)) return {0, 1};
  const double chi_squared = n * (k - 1) * (between - centre) / spread;
  const double rest = n * (k - 1) - chi_squared;
  if (!(rest > 1e-12)) return {std::numeric_limits<double>::infinity(), 0};
  const double f = (n - 1) * chi_squared / rest;
  const double between_degrees = k - 1;
  const double within_degrees = (k - 1) * (n - 1);
  const double x = within_degrees / (within_degrees + between_degrees * f);
  return {f, incomplete_beta(within_degrees / 2, between_degrees / 2, x)};
}

// P[range of k standard normal variables <= width], by Simpson's rule over the smallest of them.
static double range_cdf(double width, size_t k) {
  static constexpr int steps = 2000;
  static constexpr double from = -9, to = 9;
  const double step = (to - from) / steps;
  double sum = 0;
  for (int i = 0; i <= steps; ++i) {
    const double z = from + step * i;
    const double density = std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi);
    const double inside = normal_cdf(z + width) - normal_cdf(z);
    const double weight = i == 0 || i == steps ? 1 : i % 2 ? 4 : 2;
    sum += weight * density * std::pow(inside, static_cast<double>(k - 1));
  }
  return static_cast<double>(k) * sum * step / 3;
}

double critical_difference(size_t methods, size_t blocks, double alpha) {
  if (methods < 2 || blocks < 1)
    refuse("a critical difference needs two methods or more on a block or more");
  if (!(alpha > 0 && alpha < 1)) refuse("alpha must lie between 0 and 1, not {}", alpha);
  double low = 0, high = 20;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (range_cdf(middle, methods) < 1 - alpha ? low : high) = middle;
  }
  const auto k = static_cast<double>(methods);
  return low / std::numbers::sqrt2 * std::sqrt(k * (k + 1) / (6 * static_cast<double>(blocks)));
}

}  // namespace querist::metrics
