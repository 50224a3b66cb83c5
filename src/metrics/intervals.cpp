// Closed forms where there are any, seeded resampling where there are none.
#include "metrics/intervals.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "base/rng.h"
#include "metrics/distributions.h"

namespace querist::metrics {

static void check_confidence(double confidence) {
  if (!(confidence > 0 && confidence < 1)) {
    refuse("confidence must lie between 0 and 1, not {}", confidence);
  }
}

double mean(std::span<const double> values) {
  if (values.empty()) refuse("the mean of no values is not known");
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double standard_deviation(std::span<const double> values) {
  const double centre = mean(values);
  if (values.size() < 2) return 0;
  double sum = 0;
  for (const double value : values) sum += (value - centre) * (value - centre);
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

// Of a share p among n rows, which need not be whole.
static Estimate wilson(double p, double n, double z, std::string_view method) {
  const double shrink = 1 + z * z / n;
  const double centre = (p + z * z / (2 * n)) / shrink;
  const double half = z / shrink * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  // The ends are exactly 0 and 1 at the extremes; rounding must not move them inside.
  return {p, p == 0 ? 0 : std::max(0.0, centre - half), p == 1 ? 1 : std::min(1.0, centre + half),
          method};
}

Estimate wilson_interval(int64_t successes, int64_t trials, double confidence) {
  check_confidence(confidence);
  if (trials <= 0 || successes < 0 || successes > trials) {
    refuse("an interval needs 0 <= successes <= trials and a trial, not {} of {}", successes,
           trials);
  }
  const auto n = static_cast<double>(trials);
  return wilson(static_cast<double>(successes) / n, n, normal_quantile(0.5 + confidence / 2),
                "wilson");
}

Estimate cluster_share_interval(std::span<const uint8_t> hits, std::span<const int32_t> groups,
                                double confidence) {
  check_confidence(confidence);
  if (hits.empty() || hits.size() != groups.size())
    refuse("an interval over groups needs rows, and a group for each of them");
  struct Group {
    double rows = 0;
    double hits = 0;
  };
  std::map<int32_t, Group> by_group;
  double right = 0;
  for (size_t i = 0; i < hits.size(); ++i) {
    Group& group = by_group[groups[i]];
    ++group.rows;
    group.hits += hits[i] != 0;
    right += hits[i] != 0;
  }
  const auto n = static_cast<double>(hits.size());
  const auto count = static_cast<double>(by_group.size());
  const double p = right / n;
  double worth = count;
  if (p > 0 && p < 1 && count > 1) {
    double squares = 0;
    for (const auto& [number, group] : by_group)
      squares += (group.hits - p * group.rows) * (group.hits - p * group.rows);
    const double variance = count / (count - 1) * squares / (n * n);
    const double few = student_t_quantile(0.5 + confidence / 2, std::max(1.0, n - 1)) /
                       student_t_quantile(0.5 + confidence / 2, count - 1);
    worth = std::min(n, variance > 0 ? p * (1 - p) / variance * few * few : n);
  }
  return wilson(p, worth, normal_quantile(0.5 + confidence / 2), "cluster_wilson");
}

double exact_lower_bound(int64_t successes, int64_t trials, double risk) {
  check_confidence(risk);
  if (trials <= 0 || successes < 0 || successes > trials) {
    refuse("a bound needs 0 <= successes <= trials and a trial, not {} of {}", successes, trials);
  }
  if (successes == 0) return 0;
  const auto hits = static_cast<double>(successes);
  const auto misses = static_cast<double>(trials - successes);
  double low = 0;
  double high = 1;
  for (int step = 0; step < 100 && high - low > 1e-12; ++step) {
    const double middle = (low + high) / 2;
    (incomplete_beta(hits, misses + 1, middle) < risk ? low : high) = middle;
  }
  return low;
}

Estimate mean_share_interval(std::span<const Share> shares, double confidence) {
  Estimate result{0, 0, 0, "mover_wilson"};
  double count = 0, below = 0, above = 0;
  for (const Share& share : shares) {
    if (share.trials == 0) continue;
    const Estimate one = wilson_interval(share.successes, share.trials, confidence);
    result.value += one.value;
    below += (one.value - one.ci_low) * (one.value - one.ci_low);
    above += (one.ci_high - one.value) * (one.ci_high - one.value);
    count += 1;
  }
  if (count == 0) refuse("a mean of shares needs at least one share with trials");
  result.value /= count;
  result.ci_low = std::max(0.0, result.value - std::sqrt(below) / count);
  result.ci_high = std::min(1.0, result.value + std::sqrt(above) / count);
  return result;
}

Estimate student_t_interval(std::span<const double> values, double confidence) {
  check_confidence(confidence);
  if (values.size() < 2) refuse("an interval for a mean needs at least two values");
  const auto n = static_cast<double>(values.size());
  const double centre = mean(values);
  const double half =
      student_t_quantile(0.5 + confidence / 2, n - 1) * standard_deviation(values) / std::sqrt(n);
  return {centre, centre - half, centre + half, "student_t"};
}

// Linear between order statistics, as NumPy's default.
static double quantile(std::span<const double> sorted, double q) {
  const double at = std::clamp(q, 0.0, 1.0) * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(at);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

static std::vector<double> resample(size_t n, const Statistic& statistic, uint64_t seed,
                                    size_t resamples) {
  if (n == 0) refuse("there are no rows to resample");
  if (resamples < 2) refuse("a bootstrap needs at least 2 resamples, not {}", resamples);
  Rng rng(seed);
  std::vector<size_t> rows(n);
  std::vector<double> values(resamples);
  for (double& value : values) {
    for (size_t& row : rows) row = rng.below(n);
    value = statistic(rows);
  }
  std::sort(values.begin(), values.end());
  return values;
}

static std::vector<size_t> all_rows(size_t n) {
  std::vector<size_t> rows(n);
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

Estimate bootstrap_interval(size_t n, const Statistic& statistic, uint64_t seed, size_t resamples,
                            double confidence) {
  check_confidence(confidence);
  const std::vector<double> values = resample(n, statistic, seed, resamples);
  const double tail = (1 - confidence) / 2;
  return {statistic(all_rows(n)), quantile(values, tail), quantile(values, 1 - tail), "bootstrap"};
}

// The statistic without each row in turn.
static std::vector<double> leave_one_out(size_t n, const Statistic& statistic) {
  std::vector<double> without(n);
  std::vector<size_t> rows = all_rows(n);
  for (size_t i = 0; i < n; ++i) {
    std::swap(rows[i], rows[n - 1]);
    without[i] = statistic(std::span(rows).first(n - 1));
    std::swap(rows[i], rows[n - 1]);
  }
  return without;
}

// Skewness of the leave-one-out values, over six times their spread to the power 3/2.
static double acceleration(std::span<const double> without) {
  if (without.empty()) return 0;
  const double centre = mean(without);
  double squares = 0;
  double cubes = 0;
  for (const double value : without) {
    squares += std::pow(centre - value, 2);
    cubes += std::pow(centre - value, 3);
  }
  return squares > 0 ? cubes / (6 * std::pow(squares, 1.5)) : 0;
}

Estimate bca_from(double value, std::vector<double> values, std::span<const double> without,
                  double confidence) {
  check_confidence(confidence);
  if (values.empty()) refuse("a bootstrap needs at least one resample");
  std::sort(values.begin(), values.end());
  const auto [first, last] = std::equal_range(values.begin(), values.end(), value);
  // Ties count half; a share of 0 or 1 would give an infinite correction.
  const double below =
      static_cast<double>(first - values.begin()) + static_cast<double>(last - first) / 2;
  const auto count = static_cast<double>(values.size());
  const double bias = normal_quantile(std::clamp(below, 0.5, count - 0.5) / count);
  const double skew = acceleration(without);
  const auto end = [&](double p) {
    const double z = bias + normal_quantile(p);
    return quantile(values, normal_cdf(bias + z / (1 - skew * z)));
  };
  const double tail = (1 - confidence) / 2;
  const Estimate corrected{value, end(tail), end(1 - tail), "bca"};
  if (corrected.ci_low <= value && value <= corrected.ci_high) return corrected;
  return {value, quantile(values, tail), quantile(values, 1 - tail), "bootstrap"};
}

Estimate bca_interval(size_t n, const Statistic& statistic, uint64_t seed, size_t resamples,
                      double confidence) {
  check_confidence(confidence);
  if (n < 2) refuse("a BCa interval needs at least two rows");
  return bca_from(statistic(all_rows(n)), resample(n, statistic, seed, resamples),
                  leave_one_out(n, statistic), confidence);
}

Estimate paired_bootstrap(std::span<const double> a, std::span<const double> b, uint64_t seed,
                          size_t resamples, double confidence) {
  if (a.size() != b.size()) refuse("pairs need equal counts, not {} and {}", a.size(), b.size());
  const Statistic difference = [&](std::span<const size_t> rows) {
    double sum = 0;
    for (const size_t row : rows) sum += a[row] - b[row];
    return sum / static_cast<double>(rows.size());
  };
  return bootstrap_interval(a.size(), difference, seed, resamples, confidence);
}

}  // namespace querist::metrics
