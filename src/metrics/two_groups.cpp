// Exact tests where there are any, Welch's where there are none.
#include "metrics/two_groups.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "metrics/distributions.h"
#include "metrics/intervals.h"
#include "metrics/recall.h"

namespace querist::metrics {

Comparison compare_shares(int64_t first_successes, int64_t first_trials, int64_t second_successes,
                          int64_t second_trials, double confidence) {
  const Estimate a = wilson_interval(first_successes, first_trials, confidence);
  const Estimate b = wilson_interval(second_successes, second_trials, confidence);
  Comparison result;
  const double difference = a.value - b.value;
  result.difference = {difference, difference - std::hypot(a.value - a.ci_low, b.ci_high - b.value),
                       difference + std::hypot(a.ci_high - a.value, b.value - b.ci_low),
                       "newcombe"};
  // As the lower tail of the second group: 1 minus a lower tail of the first would round to 0.
  result.p_value = hypergeometric_cdf(second_successes, first_trials + second_trials,
                                      first_successes + second_successes, second_trials);
  return result;
}

Comparison compare_means(const Moments& first, const Moments& second, double confidence) {
  if (first.count < 2 || second.count < 2) {
    refuse("Welch's test needs two rows in each group, not {} and {}", first.count, second.count);
  }
  if (!(confidence > 0 && confidence < 1)) {
    refuse("confidence must lie between 0 and 1, not {}", confidence);
  }
  const auto error = [](const Moments& m) {  // Squared, of the mean.
    const auto n = static_cast<double>(m.count);
    return std::max(0.0, m.squares - m.sum * m.sum / n) / (n - 1) / n;
  };
  const auto mean_of = [](const Moments& m) { return m.sum / static_cast<double>(m.count); };
  const double a = error(first);
  const double b = error(second);
  const double difference = mean_of(first) - mean_of(second);
  Comparison result;
  result.difference = {difference, difference, difference, "welch"};
  if (a + b <= 0) {
    result.p_value = difference > 0 ? 0 : 1;
    return result;
  }
  const double degrees = (a + b) * (a + b) /
                         (a * a / static_cast<double>(first.count - 1) +
                          b * b / static_cast<double>(second.count - 1));
  const double spread = std::sqrt(a + b);
  const double half = student_t_quantile(0.5 + confidence / 2, degrees) * spread;
  result.difference.ci_low = difference - half;
  result.difference.ci_high = difference + half;
  result.p_value = student_t_cdf(-difference / spread, degrees);
  return result;
}

static Moments moments_about(std::span<const double> values, double centre) {
  Moments m;
  m.count = static_cast<int64_t>(values.size());
  for (const double value : values) {
    m.sum += value - centre;
    m.squares += (value - centre) * (value - centre);
  }
  return m;
}

Comparison compare_means(std::span<const double> first, std::span<const double> second,
                         double confidence) {
  const double centre = first.empty() ? 0 : first.front();
  return compare_means(moments_about(first, centre), moments_about(second, centre), confidence);
}

std::vector<double> benjamini_hochberg(std::span<const double> p_values) {
  const size_t n = p_values.size();
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> q_values(n);
  double least = 1;
  for (size_t rank = n; rank-- > 0;) {
    const double share = p_values[order[rank]] * static_cast<double>(n);
    least = std::min(least, share / static_cast<double>(rank + 1));
    q_values[order[rank]] = least;
  }
  return q_values;
}

}  // namespace querist::metrics
