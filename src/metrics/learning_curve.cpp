// Trapezoids, and where a curve first crosses a height.
#include "metrics/learning_curve.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"

namespace querist::metrics {

static void check_curve(std::span<const double> labels, std::span<const double> values) {
  if (labels.empty()) refuse("a learning curve needs at least one point");
  if (labels.size() != values.size()) {
    refuse("the curve has {} label counts but {} values", labels.size(), values.size());
  }
  for (size_t i = 0; i < labels.size(); ++i) {
    if (!(labels[i] > (i ? labels[i - 1] : 0)) || !std::isfinite(values[i])) {
      refuse("a learning curve needs rising label counts above 0 and finite values, see point {}",
             i);
    }
  }
}

static double area(std::span<const double> x, std::span<const double> y) {
  if (x.size() == 1) return y[0];
  double sum = 0;
  for (size_t i = 1; i < x.size(); ++i) sum += (x[i] - x[i - 1]) * (y[i] + y[i - 1]) / 2;
  return sum / (x.back() - x.front());
}

double aulc(std::span<const double> labels, std::span<const double> values) {
  check_curve(labels, values);
  return area(labels, values);
}

double aulc_log(std::span<const double> labels, std::span<const double> values) {
  check_curve(labels, values);
  std::vector<double> logs;
  for (const double count : labels) logs.push_back(std::log(count));
  return area(logs, values);
}

double aubc_trapz_over_n(std::span<const double> values) {
  if (values.empty()) refuse("a learning curve needs at least one point");
  double sum = 0;
  for (size_t i = 1; i < values.size(); ++i) sum += (values[i] + values[i - 1]) / 2;
  return sum / static_cast<double>(values.size());
}

std::optional<double> labels_to_reach(std::span<const double> labels,
                                      std::span<const double> values, double target) {
  check_curve(labels, values);
  if (values[0] >= target) return labels[0];
  for (size_t i = 1; i < labels.size(); ++i) {
    if (values[i] < target) continue;
    const double share = (target - values[i - 1]) / (values[i] - values[i - 1]);
    return labels[i - 1] + share * (labels[i] - labels[i - 1]);
  }
  return std::nullopt;
}

std::optional<double> labels_saved(std::span<const double> labels_a,
                                   std::span<const double> values_a,
                                   std::span<const double> labels_b,
                                   std::span<const double> values_b, size_t smooth) {
  check_curve(labels_a, values_a);
  check_curve(labels_b, values_b);
  const size_t last = std::min(std::max<size_t>(smooth, 1), values_b.size());
  double target = 0;
  for (const double value : values_b.last(last)) target += value / static_cast<double>(last);
  // A mean of equal values may round above each of them.
  target = std::min(target, *std::max_element(values_b.end() - static_cast<std::ptrdiff_t>(last),
                                              values_b.end()));
  const auto needs_a = labels_to_reach(labels_a, values_a, target);
  const auto needs_b = labels_to_reach(labels_b, values_b, target);
  if (!needs_a || !needs_b) return std::nullopt;
  return 1 - *needs_a / *needs_b;
}

}  // namespace querist::metrics
