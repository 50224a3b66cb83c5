// Counts of drawn units become weights of rows; the ends of the interval are BCa's.
#include "metrics/resampling.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/rng.h"
#include "metrics/intervals.h"

namespace querist::metrics {

static constexpr size_t most_blocks = 1000;

// The unit of each row, numbered from 0 in order of appearance.
struct Units {
  std::vector<size_t> of_row;
  size_t count = 0;
};

static Units units_of(size_t rows, std::span<const int32_t> groups) {
  Units units{std::vector<size_t>(rows), rows};
  if (groups.empty()) {
    std::iota(units.of_row.begin(), units.of_row.end(), size_t{0});
    return units;
  }
  if (groups.size() != rows) refuse("there are {} groups for {} rows", groups.size(), rows);
  std::unordered_map<int32_t, size_t> number;
  for (size_t i = 0; i < rows; ++i)
    units.of_row[i] = number.try_emplace(groups[i], number.size()).first->second;
  units.count = number.size();
  return units;
}

static void spread(const Units& units, std::span<const double> counts, std::span<double> weights) {
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = counts[units.of_row[i]];
}

// The statistic without each block of units in turn. Influences add up, so blocks of random units
// have the same sums of squares and cubes as single ones.
static std::vector<double> leave_out(const Units& units, const WeightedStatistic& statistic,
                                     uint64_t seed) {
  std::vector<size_t> block(units.count);
  const size_t blocks = std::min(units.count, most_blocks);
  for (size_t i = 0; i < units.count; ++i) block[i] = i % blocks;
  if (blocks < units.count) Rng(mix_seed(seed, 1)).shuffle(block);
  std::vector<double> weights(units.of_row.size());
  std::vector<double> values;
  for (size_t out = 0; out < blocks; ++out) {
    if (out % 16 == 0) check_interrupt();
    for (size_t i = 0; i < weights.size(); ++i) weights[i] = block[units.of_row[i]] != out;
    const double value = statistic(weights);
    if (std::isfinite(value)) values.push_back(value);
  }
  return values;
}

Estimate resampled_interval(size_t rows, const WeightedStatistic& statistic,
                            const Resampling& how) {
  const Units units = units_of(rows, how.groups);
  if (units.count < 2)
    refuse("an interval by resampling needs at least two {}",
           how.groups.empty() ? "rows" : "groups");
  if (how.resamples < 2) refuse("a bootstrap needs at least 2 resamples, not {}", how.resamples);
  std::vector<double> weights(rows, 1);
  const double value = statistic(weights);
  if (!std::isfinite(value)) refuse("the metric is not defined on these rows");
  Rng rng(how.seed);
  std::vector<double> counts(units.count);
  std::vector<double> drawn;
  for (size_t round = 0; round < how.resamples; ++round) {
    if (round % 16 == 0) check_interrupt();
    std::fill(counts.begin(), counts.end(), 0.0);
    for (size_t i = 0; i < units.count; ++i) counts[rng.below(units.count)] += 1;
    spread(units, counts, weights);
    const double one = statistic(weights);
    if (std::isfinite(one)) drawn.push_back(one);
  }
  if (2 * drawn.size() < how.resamples)
    refuse("the metric is not defined in {} of {} resamples", how.resamples - drawn.size(),
           how.resamples);
  const std::vector<double> without = leave_out(units, statistic, how.seed);
  Estimate estimate = bca_from(value, drawn, without, how.confidence);
  if (!how.groups.empty())
    estimate.method = estimate.method == "bca" ? "cluster_bca" : "cluster_bootstrap";
  return estimate;
}

}  // namespace querist::metrics
