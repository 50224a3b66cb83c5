// Means of strata, weighted by their sizes.
#include "metrics/stratified.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "metrics/distributions.h"
#include "metrics/intervals.h"

namespace querist::metrics {

static void check_sizes(std::span<const int64_t> sizes) {
  int64_t total = 0;
  for (const int64_t size : sizes) {
    if (size < 0) refuse("a stratum cannot have {} rows", size);
    total += size;
  }
  if (total == 0) refuse("the strata have no rows");
}

std::vector<int64_t> neyman_allocation(std::span<const int64_t> sizes,
                                       std::span<const double> deviations, int64_t count,
                                       int64_t at_least) {
  check_sizes(sizes);
  if (deviations.size() != sizes.size())
    refuse("there are {} strata but {} deviations", sizes.size(), deviations.size());
  std::vector<int64_t> labels(sizes.size());
  for (size_t h = 0; h < sizes.size(); ++h) {
    if (!(deviations[h] >= 0) || !std::isfinite(deviations[h]))
      refuse("the deviation of stratum {} must not be negative or infinite", h);
    labels[h] = std::min(std::max<int64_t>(at_least, 1), sizes[h]);
  }
  int64_t given = std::accumulate(labels.begin(), labels.end(), int64_t{0});
  if (count < given || count > std::accumulate(sizes.begin(), sizes.end(), int64_t{0}))
    refuse("{} labels do not fit these strata: at least {} and at most all their rows", count,
           given);
  // What a further label takes off the variance falls as labels grow: the greedy choice is optimal.
  const auto gain = [&](size_t h, double deviation) {
    const auto n = static_cast<double>(labels[h]);
    return static_cast<double>(sizes[h]) * deviation / std::sqrt(n * (n + 1));
  };
  for (; given < count; ++given) {
    size_t best = sizes.size();
    double most = -1;
    double second = -1;
    for (size_t h = 0; h < sizes.size(); ++h) {
      if (labels[h] == sizes[h]) continue;
      const double one = gain(h, deviations[h]);
      const double by_size = gain(h, 1);
      if (one < most || (one == most && by_size <= second)) continue;
      best = h;
      most = one;
      second = one > 0 ? INFINITY : by_size;
    }
    ++labels[best];
  }
  return labels;
}

std::vector<int32_t> strata_by_deviation(std::span<const double> deviations, size_t strata) {
  const size_t n = deviations.size();
  if (strata == 0 || n < 2 * strata)
    refuse("{} strata need at least two rows each, but there are {} rows", strata, n);
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return deviations[a] < deviations[b]; });
  double total = 0;
  for (const double value : deviations) {
    if (!(value >= 0) || !std::isfinite(value))
      refuse("a deviation must not be negative or infinite, as {} is", value);
    total += value;
  }
  const double each = total > 0 ? 0 : 1;
  if (total == 0) total = static_cast<double>(n);
  std::vector<int32_t> out(n);
  double before = 0;
  size_t stratum = 0;
  size_t inside = 0;
  for (size_t at = 0; at < n; ++at) {
    const size_t later = strata - stratum - 1;
    const bool full = inside >= 2 && before >= total * static_cast<double>(stratum + 1) /
                                                   static_cast<double>(strata) * (1 - 1e-12);
    const bool must = inside >= 2 && n - at <= 2 * later;
    if (later > 0 && (full || must)) {
      ++stratum;
      inside = 0;
    }
    out[order[at]] = static_cast<int32_t>(stratum);
    before += deviations[order[at]] + each;
    ++inside;
  }
  return out;
}

struct Sums {
  int64_t count = 0;
  double sum = 0;
  double squares = 0;  // About the mean, once that is known.
};

static std::vector<Sums> sums_of(std::span<const double> values, std::span<const int32_t> strata,
                                 std::span<const int64_t> sizes) {
  check_sizes(sizes);
  if (values.size() != strata.size())
    refuse("there are {} values for {} strata", values.size(), strata.size());
  std::vector<Sums> all(sizes.size());
  for (size_t i = 0; i < values.size(); ++i) {
    if (strata[i] < 0 || static_cast<size_t>(strata[i]) >= sizes.size())
      refuse("value {} lies in stratum {}, but there are {}", i, strata[i], sizes.size());
    if (!std::isfinite(values[i])) refuse("value {} must be finite, not {}", i, values[i]);
    Sums& one = all[static_cast<size_t>(strata[i])];
    ++one.count;
    one.sum += values[i];
  }
  for (size_t i = 0; i < values.size(); ++i) {
    Sums& one = all[static_cast<size_t>(strata[i])];
    const double gap = values[i] - one.sum / static_cast<double>(one.count);
    one.squares += gap * gap;
  }
  for (size_t h = 0; h < all.size(); ++h) {
    if (all[h].count > sizes[h])
      refuse("stratum {} has {} values but only {} rows", h, all[h].count, sizes[h]);
    if (all[h].count == 0 && sizes[h] > 0) refuse("stratum {} has no values", h);
  }
  return all;
}

static Estimate by_wilson(const std::vector<Sums>& all, std::span<const int64_t> sizes,
                          double total, double value, double confidence) {
  double below = 0;
  double above = 0;
  for (size_t h = 0; h < all.size(); ++h) {
    if (all[h].count == 0) continue;
    const Estimate one = wilson_interval(std::llround(all[h].sum), all[h].count, confidence);
    const double share = static_cast<double>(sizes[h]) / total;
    const double open = 1 - static_cast<double>(all[h].count) / static_cast<double>(sizes[h]);
    below += share * share * open * std::pow(one.value - one.ci_low, 2);
    above += share * share * open * std::pow(one.ci_high - one.value, 2);
  }
  return {value, std::max(0.0, value - std::sqrt(below)), std::min(1.0, value + std::sqrt(above)),
          "stratified_wilson"};
}

Estimate stratified_estimate(std::span<const double> values, std::span<const int32_t> strata,
                             std::span<const int64_t> sizes, double confidence) {
  if (!(confidence > 0 && confidence < 1))
    refuse("confidence must lie between 0 and 1, not {}", confidence);
  const std::vector<Sums> all = sums_of(values, strata, sizes);
  double total = 0;
  for (const int64_t size : sizes) total += static_cast<double>(size);
  double value = 0;
  for (size_t h = 0; h < all.size(); ++h) {
    if (all[h].count == 0) continue;
    value += static_cast<double>(sizes[h]) / total * all[h].sum / static_cast<double>(all[h].count);
  }
  const auto is_flag = [](double one) { return one == 0 || one == 1; };
  if (std::all_of(values.begin(), values.end(), is_flag))
    return by_wilson(all, sizes, total, value, confidence);
  double variance = 0;
  double per_degree = 0;
  for (size_t h = 0; h < all.size(); ++h) {
    if (all[h].count == 0 || all[h].count == sizes[h]) continue;
    if (all[h].count == 1) refuse("stratum {} has one value: an interval needs two", h);
    const auto n = static_cast<double>(all[h].count);
    const double share = static_cast<double>(sizes[h]) / total;
    const double part =
        share * share * (1 - n / static_cast<double>(sizes[h])) * all[h].squares / (n - 1) / n;
    variance += part;
    per_degree += part * part / (n - 1);
  }
  if (variance == 0) return {value, value, value, "stratified_t"};
  const double degrees = variance * variance / per_degree;
  const double half = student_t_quantile(0.5 + confidence / 2, degrees) * std::sqrt(variance);
  return {value, value - half, value + half, "stratified_t"};
}

}  // namespace querist::metrics
