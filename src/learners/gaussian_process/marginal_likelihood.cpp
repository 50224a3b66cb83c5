// The variance is profiled out, so the search has two dimensions whatever the features are.
#include "learners/gaussian_process/marginal_likelihood.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/interrupt.h"
#include "kernels/cholesky.h"

namespace querist::learners {

using Point = std::array<double, 2>;  // log length scale, log noise.

bool factorise(std::vector<double>& correlations, double noise, std::span<const float> weights) {
  size_t n = 0;
  while (n * n < correlations.size()) ++n;
  for (size_t i = 0; i < n; ++i) {
    const double share = weights.empty() ? noise : noise / static_cast<double>(weights[i]);
    correlations[i * n + i] += std::max(share, least_noise);
  }
  return kernels::cholesky(correlations, n);
}

double log_marginal_likelihood(const std::vector<double>& factor, std::span<const double> y,
                               double& variance) {
  const size_t n = y.size();
  std::vector<double> white(y.begin(), y.end());
  kernels::solve_lower(factor, n, white.data(), 1);
  double square = 0;
  double log_determinant = 0;
  for (size_t i = 0; i < n; ++i) {
    square += white[i] * white[i];
    log_determinant += 2 * std::log(factor[i * n + i]);
  }
  const auto count = static_cast<double>(n);
  if (variance == 0) variance = square > 0 ? square / count : 1;
  return -0.5 *
         (square / variance + log_determinant + count * std::log(2 * std::numbers::pi * variance));
}

namespace {

// What the search climbs, within bounds; a bound that is a point fixes its dimension.
struct Likelihood {
  const std::vector<double>& squared_distances;
  std::span<const double> y;
  std::span<const float> weights;
  double variance;
  Point low;
  Point high;
  std::vector<double> matrix{};

  double operator()(Point& at) {
    check_interrupt();
    const size_t n = y.size();
    for (size_t k = 0; k < 2; ++k) at[k] = std::clamp(at[k], low[k], high[k]);
    const double gamma = 0.5 * std::exp(-2 * at[0]);
    matrix.resize(n * n);
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j <= i; ++j) {
        matrix[i * n + j] = std::exp(-gamma * squared_distances[i * n + j]);
      }
    }
    if (!factorise(matrix, std::exp(at[1]), weights)) {
      return -std::numeric_limits<double>::infinity();
    }
    double chosen = variance;
    return log_marginal_likelihood(matrix, y, chosen);
  }
};

struct Corner {
  Point at;
  double value;
};

}  // namespace

static Point between(const Point& from, const Point& to, double share) {
  return {from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])};
}

static Corner climb(Likelihood& likelihood, const Corner& start, const Progress& progress) {
  std::array<Corner, 3> simplex = {start, start, start};
  for (size_t k = 0; k < 2; ++k) {
    Point& at = simplex[k + 1].at;
    at[k] += at[k] + 0.5 > likelihood.high[k] ? -0.5 : 0.5;
    simplex[k + 1].value = likelihood(at);
  }
  const auto evaluated = [&](Point at) {
    const double value = likelihood(at);
    return Corner{at, value};
  };
  for (int step = 0; step < 60; ++step) {
    progress.check();
    std::stable_sort(simplex.begin(), simplex.end(),
                     [](const Corner& a, const Corner& b) { return a.value > b.value; });
    if (simplex[0].value - simplex[2].value < 1e-5) break;
    const Point middle = between(simplex[0].at, simplex[1].at, 0.5);
    Corner trial = evaluated(between(simplex[2].at, middle, 2));
    if (trial.value > simplex[0].value) {
      const Corner further = evaluated(between(simplex[2].at, middle, 3));
      if (further.value > trial.value) trial = further;
    } else if (!(trial.value > simplex[1].value)) {
      const bool is_outside = trial.value > simplex[2].value;
      trial = evaluated(between(simplex[2].at, middle, is_outside ? 1.5 : 0.5));
    }
    if (trial.value > simplex[2].value) {
      simplex[2] = trial;
      continue;
    }
    for (size_t k = 1; k < 3; ++k) {
      simplex[k] = evaluated(between(simplex[0].at, simplex[k].at, 0.5));
    }
  }
  return *std::max_element(simplex.begin(), simplex.end(),
                           [](const Corner& a, const Corner& b) { return a.value < b.value; });
}

// The median distance between different rows; 1 where all are the same.
static double typical_distance(const std::vector<double>& squared_distances) {
  std::vector<double> apart;
  for (const double value : squared_distances) {
    if (value > 0) apart.push_back(value);
  }
  if (apart.empty()) return 1;
  const auto middle = apart.begin() + static_cast<std::ptrdiff_t>(apart.size() / 2);
  std::nth_element(apart.begin(), middle, apart.end());
  return std::sqrt(*middle);
}

void choose_kernel(const std::vector<double>& squared_distances, std::span<const double> y,
                   std::span<const float> weights, const Progress& progress,
                   ProcessKernel& kernel) {
  if (kernel.length_scale > 0 && kernel.noise > 0) return;
  const double typical = typical_distance(squared_distances);
  const bool is_flat = std::all_of(y.begin(), y.end(), [](double v) { return v == 0; });
  if (is_flat) {  // Any kernel explains equal targets.
    if (kernel.length_scale == 0) kernel.length_scale = typical;
    if (kernel.noise == 0) kernel.noise = 0.1;
    return;
  }
  Likelihood likelihood{.squared_distances = squared_distances,
                        .y = y,
                        .weights = weights,
                        .variance = kernel.variance,
                        .low = {std::log(typical * 1e-2), std::log(1e-8)},
                        .high = {std::log(typical * 1e3), std::log(1e4)}};
  std::vector<double> scales = {-2.8, -2.1, -1.4, -0.7, 0, 0.7, 1.4, 2.1};
  std::vector<double> noises = {-9.2, -6.9, -4.6, -2.3, 0, 2.3};
  for (double& scale : scales) scale += std::log(typical);
  if (kernel.length_scale > 0) {
    scales = {std::log(kernel.length_scale)};
    likelihood.low[0] = likelihood.high[0] = scales[0];
  }
  if (kernel.noise > 0) {
    noises = {std::log(kernel.noise)};
    likelihood.low[1] = likelihood.high[1] = noises[0];
  }
  Corner best{{scales[0], noises.back()}, -std::numeric_limits<double>::infinity()};
  for (const double scale : scales) {
    for (const double noise : noises) {
      progress.check();
      Point at = {scale, noise};
      const double value = likelihood(at);
      if (value > best.value) best = {at, value};
    }
  }
  best = climb(likelihood, best, progress);
  if (kernel.length_scale == 0) kernel.length_scale = std::exp(best.at[0]);
  if (kernel.noise == 0) kernel.noise = std::exp(best.at[1]);
}

}  // namespace querist::learners
