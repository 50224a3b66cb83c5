// Weighted means of losses.
#include "metrics/regression.h"

#include <cmath>

#include "base/error.h"
#include "metrics/intervals.h"

namespace querist::metrics {

static void check_finite(std::span<const double> values) {
  for (const double value : values) {
    if (!std::isfinite(value)) refuse("targets and predictions must be finite, not {}", value);
  }
}

static void check(std::span<const double> targets, std::span<const double> predicted) {
  if (targets.empty()) refuse("there are no rows to measure on");
  if (targets.size() != predicted.size())
    refuse("there are {} targets but {} predictions", targets.size(), predicted.size());
  check_finite(targets);
  check_finite(predicted);
}

template <class Loss>
static double mean_loss(std::span<const double> targets, std::span<const double> predicted,
                        std::span<const double> weights, const Loss& loss) {
  check(targets, predicted);
  if (!weights.empty() && weights.size() != targets.size())
    refuse("there are {} weights for {} targets", weights.size(), targets.size());
  double sum = 0;
  double total = 0;
  for (size_t i = 0; i < targets.size(); ++i) {
    const double weight = weights.empty() ? 1 : weights[i];
    sum += weight * loss(targets[i] - predicted[i]);
    total += weight;
  }
  return sum / total;
}

static double square(double gap) { return gap * gap; }

double root_mean_squared_error(std::span<const double> targets, std::span<const double> predicted,
                               std::span<const double> weights) {
  return std::sqrt(mean_loss(targets, predicted, weights, square));
}

double mean_absolute_error(std::span<const double> targets, std::span<const double> predicted,
                           std::span<const double> weights) {
  return mean_loss(targets, predicted, weights, [](double gap) { return std::abs(gap); });
}

double r_squared(std::span<const double> targets, std::span<const double> predicted,
                 std::span<const double> weights) {
  const double error = mean_loss(targets, predicted, weights, square);
  double sum = 0;
  double total = 0;
  for (size_t i = 0; i < targets.size(); ++i) {
    sum += (weights.empty() ? 1 : weights[i]) * targets[i];
    total += weights.empty() ? 1 : weights[i];
  }
  const std::vector<double> centre(targets.size(), sum / total);
  const double spread = mean_loss(targets, centre, weights, square);
  if (spread > 0) return 1 - error / spread;
  return error == 0 ? 1 : 0;
}

double pinball_loss(std::span<const double> targets, std::span<const double> predicted,
                    double quantile, std::span<const double> weights) {
  if (!(quantile >= 0 && quantile <= 1))
    refuse("the quantile must lie between 0 and 1, not {}", quantile);
  return mean_loss(targets, predicted, weights,
                   [&](double gap) { return gap >= 0 ? quantile * gap : (quantile - 1) * gap; });
}

Estimate interval_coverage(std::span<const double> targets, std::span<const double> low,
                           std::span<const double> high, double confidence) {
  check(targets, low);
  check(targets, high);
  int64_t inside = 0;
  for (size_t i = 0; i < targets.size(); ++i) {
    if (low[i] > high[i]) refuse("the interval of row {} ends before it begins", i);
    inside += low[i] <= targets[i] && targets[i] <= high[i];
  }
  return wilson_interval(inside, static_cast<int64_t>(targets.size()), confidence);
}

}  // namespace querist::metrics
