// Every metric is a mean over some rows, so one resampling and one permutation serve all.
#include "metrics/groups.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <tuple>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/rng.h"
#include "metrics/intervals.h"
#include "metrics/two_groups.h"

namespace querist::metrics {

std::string_view group_metric_name(GroupMetric metric) {
  constexpr std::string_view names[] = {"accuracy", "calibration_gap", "selection_rate",
                                        "true_positive_rate", "false_positive_rate"};
  return names[static_cast<size_t>(metric)];
}

// The rows that a metric is the mean over, and its number on each of them.
struct Outcome {
  GroupMetric metric;
  int32_t cls;
  std::vector<uint32_t> rows;
  std::vector<double> values;
};

static double right(const GroupedRows& rows, size_t i) {
  return rows.labels[i] == rows.predicted[i] ? 1 : 0;
}

static Outcome outcome_of(const GroupedRows& rows, GroupMetric metric, int32_t cls) {
  Outcome outcome{metric, cls, {}, {}};
  for (size_t i = 0; i < rows.labels.size(); ++i) {
    if (rows.groups[i] < 0) continue;
    const bool is = rows.labels[i] == cls;
    if (metric == GroupMetric::true_positive_rate && !is) continue;
    if (metric == GroupMetric::false_positive_rate && is) continue;
    outcome.rows.push_back(static_cast<uint32_t>(i));
    const double value = metric == GroupMetric::accuracy ? right(rows, i)
                         : metric == GroupMetric::calibration_gap
                             ? rows.confidences[i] - right(rows, i)
                             : static_cast<double>(rows.predicted[i] == cls);
    outcome.values.push_back(value);
  }
  return outcome;
}

// Weighted sums of one outcome by group; memory kept from call to call.
class Rates {
 public:
  Rates(size_t groups, int64_t least_rows)
      : sums_(groups), counts_(groups), taking_part_(groups, 1), least_rows_(least_rows) {}

  // Which groups have enough rows, from the rows as they are.
  void begin(const Outcome& outcome, std::span<const int32_t> groups) {
    std::fill(taking_part_.begin(), taking_part_.end(), uint8_t{1});
    sum(
        outcome, [&](size_t i) { return groups[outcome.rows[i]]; }, [](size_t) { return 1.0; });
    for (size_t g = 0; g < counts_.size(); ++g)
      taking_part_[g] = counts_[g] >= static_cast<double>(std::max<int64_t>(1, least_rows_));
  }
  template <class GroupOf, class WeightOf>
  void sum(const Outcome& outcome, GroupOf group_of, WeightOf weight_of) {
    std::fill(sums_.begin(), sums_.end(), 0.0);
    std::fill(counts_.begin(), counts_.end(), 0.0);
    for (size_t i = 0; i < outcome.values.size(); ++i) {
      const auto g = static_cast<size_t>(group_of(i));
      const double weight = weight_of(i);
      sums_[g] += weight * outcome.values[i];
      counts_[g] += weight;
    }
  }
  size_t taking_part() const {
    return static_cast<size_t>(std::count(taking_part_.begin(), taking_part_.end(), 1));
  }
  // The groups of the lowest and the highest rate, ties to the lower; -1 where none has rows.
  std::pair<int32_t, int32_t> ends() const {
    std::pair<int32_t, int32_t> ends = {-1, -1};
    for (size_t g = 0; g < sums_.size(); ++g) {
      if (!taking_part_[g] || counts_[g] == 0) continue;
      if (ends.first < 0 || rate(g) < rate(static_cast<size_t>(ends.first)))
        ends.first = static_cast<int32_t>(g);
      if (ends.second < 0 || rate(g) > rate(static_cast<size_t>(ends.second)))
        ends.second = static_cast<int32_t>(g);
    }
    return ends;
  }
  double rate(size_t g) const { return sums_[g] / counts_[g]; }
  std::pair<double, double> lowest_and_highest() const {
    const auto [low, high] = ends();
    if (low < 0) return {0, 0};
    return {rate(static_cast<size_t>(low)), rate(static_cast<size_t>(high))};
  }

 private:
  std::vector<double> sums_, counts_;
  std::vector<uint8_t> taking_part_;
  int64_t least_rows_;
};

static std::vector<GroupRate> rates_of(const GroupedRows& rows, const Outcome& outcome,
                                       double confidence) {
  std::vector<int64_t> hits(rows.group_count);
  std::vector<double> confident(rows.group_count);
  std::vector<GroupRate> rates(rows.group_count);
  const bool calibration = outcome.metric == GroupMetric::calibration_gap;
  for (size_t i = 0; i < outcome.rows.size(); ++i) {
    const size_t row = outcome.rows[i];
    const auto g = static_cast<size_t>(rows.groups[row]);
    ++rates[g].rows;
    hits[g] += calibration ? right(rows, row) > 0 : outcome.values[i] > 0;
    confident[g] += rows.confidences[row];
  }
  for (size_t g = 0; g < rates.size(); ++g) {
    if (rates[g].rows == 0) continue;
    Estimate share = wilson_interval(hits[g], rates[g].rows, confidence);
    if (calibration) {
      const double said = confident[g] / static_cast<double>(rates[g].rows);
      share = {said - share.value, said - share.ci_high, said - share.ci_low, share.method};
    }
    rates[g].rate = share;
  }
  return rates;
}

static Estimate with_interval(double value, std::vector<double> drawn, double confidence) {
  std::sort(drawn.begin(), drawn.end());
  const auto at = [&](double q) {  // Linear between order statistics, as NumPy's default.
    const double place = q * static_cast<double>(drawn.size() - 1);
    const auto below = static_cast<size_t>(place);
    const size_t above = std::min(below + 1, drawn.size() - 1);
    return drawn[below] + (place - static_cast<double>(below)) * (drawn[above] - drawn[below]);
  };
  return {value, at((1 - confidence) / 2), at((1 + confidence) / 2), "bootstrap"};
}

static double ratio_of(std::pair<double, double> ends) {
  return ends.second > 0 ? ends.first / ends.second : std::numeric_limits<double>::quiet_NaN();
}

// Where every resample says the same (all rows right, say) a bootstrap would claim certainty; then
// the ends come from the groups' Wilson intervals: of the difference as Newcombe (1998, method 10)
// combines those of two groups, and of groups all alike with the widest of them.
static Estimate newcombe_difference(const GroupGap& gap, int64_t least_rows) {
  const Estimate low = *gap.groups[static_cast<size_t>(gap.lowest)].rate;
  const Estimate high = *gap.groups[static_cast<size_t>(gap.highest)].rate;
  const double value = high.value - low.value;
  double above = std::hypot(high.ci_high - high.value, low.value - low.ci_low);
  for (const GroupRate& group : gap.groups) {
    if (value > 0 || !group.rate || group.rows < least_rows) continue;
    above = std::max(
        {above, group.rate->ci_high - group.rate->value, group.rate->value - group.rate->ci_low});
  }
  return {value,
          std::max(0.0, value - std::hypot(high.value - high.ci_low, low.ci_high - low.value)),
          std::min(1.0, value + above), "newcombe"};
}

// The same for a ratio: between the quotients of the ends of the two groups' intervals; of groups
// that are all right, from the widest interval's lower end to 1.
static Estimate ratio_of_ends(const GroupGap& gap, int64_t least_rows) {
  const Estimate low = *gap.groups[static_cast<size_t>(gap.lowest)].rate;
  const Estimate high = *gap.groups[static_cast<size_t>(gap.highest)].rate;
  double least = low.ci_low;
  for (const GroupRate& group : gap.groups) {
    if (low.value < high.value || !group.rate || group.rows < least_rows) continue;
    least = std::min(least, group.rate->ci_low);
  }
  return {low.value / high.value, least / high.ci_high,
          high.ci_low > 0 ? std::min(1.0, low.ci_high / high.ci_low) : 1, "wilson"};
}

static bool all_alike(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(),
                     [&](double value) { return value == values.front(); });
}

// counts: how often each resample drew each row, resample after resample.
static void resample(const Outcome& outcome, const GroupedRows& rows, const GroupOptions& options,
                     std::span<const uint16_t> counts, Rates& rates, GroupGap& gap) {
  const auto group_of = [&](size_t i) { return rows.groups[outcome.rows[i]]; };
  rates.sum(outcome, group_of, [](size_t) { return 1.0; });
  std::tie(gap.lowest, gap.highest) = rates.ends();
  const auto [low, high] = rates.lowest_and_highest();
  std::vector<double> differences, ratios;
  for (size_t r = 0; r < options.resamples; ++r) {
    const auto drawn = counts.subspan(r * rows.labels.size(), rows.labels.size());
    rates.sum(outcome, group_of,
              [&](size_t i) { return static_cast<double>(drawn[outcome.rows[i]]); });
    const auto ends = rates.lowest_and_highest();
    differences.push_back(ends.second - ends.first);
    if (std::isfinite(ratio_of(ends))) ratios.push_back(ratio_of(ends));
  }
  const bool share = outcome.metric != GroupMetric::calibration_gap;
  const int64_t least = std::max<int64_t>(1, options.least_rows);
  gap.difference = share && all_alike(differences)
                       ? newcombe_difference(gap, least)
                       : with_interval(high - low, std::move(differences), options.confidence);
  if (!share || high <= 0 || ratios.empty()) return;
  gap.ratio = all_alike(ratios) ? ratio_of_ends(gap, least)
                                : with_interval(low / high, std::move(ratios), options.confidence);
}

// Groups are dealt anew among the rows of the outcome that belong to groups with enough of them.
static double permuted(const Outcome& outcome, const GroupedRows& rows, const GroupOptions& options,
                       const GroupGap& gap, Rates& rates, Rng& rng) {
  Outcome kept{outcome.metric, outcome.cls, {}, {}};
  std::vector<int32_t> groups;
  const int64_t least = std::max<int64_t>(1, options.least_rows);
  for (size_t i = 0; i < outcome.rows.size(); ++i) {
    const int32_t g = rows.groups[outcome.rows[i]];
    if (gap.groups[static_cast<size_t>(g)].rows < least) continue;
    kept.values.push_back(outcome.values[i]);
    groups.push_back(g);
  }
  size_t as_far = 1;  // The observed one.
  for (size_t r = 0; r < options.resamples; ++r) {
    rng.shuffle(groups);
    rates.sum(
        kept, [&](size_t i) { return groups[i]; }, [](size_t) { return 1.0; });
    const auto [low, high] = rates.lowest_and_highest();
    as_far += high - low >= gap.difference->value - 1e-12;  // Equal sums may differ by rounding.
  }
  return static_cast<double>(as_far) / static_cast<double>(options.resamples + 1);
}

static void check(const GroupedRows& rows, const GroupOptions& options) {
  const size_t n = rows.labels.size();
  if (rows.predicted.size() != n || rows.confidences.size() != n || rows.groups.size() != n) {
    refuse("groups need labels, predictions, confidences and groups of the same rows");
  }
  if (options.resamples < 2) refuse("a bootstrap needs at least 2 resamples");
  for (size_t i = 0; i < n; ++i) {
    const auto classes = static_cast<int32_t>(rows.classes);
    if (rows.labels[i] < 0 || rows.labels[i] >= classes || rows.predicted[i] < 0 ||
        rows.predicted[i] >= classes || rows.groups[i] < -1 ||
        rows.groups[i] >= static_cast<int32_t>(rows.group_count))
      refuse("row {} has a label, a prediction or a group that is out of range", i);
  }
}

static std::vector<uint16_t> draw_counts(size_t n, size_t resamples, Rng& rng) {
  std::vector<uint16_t> counts(n * resamples);
  for (size_t r = 0; r < resamples; ++r) {
    for (size_t i = 0; i < n; ++i) ++counts[r * n + rng.below(n)];
  }
  return counts;
}

std::vector<GroupGap> compare_groups(const GroupedRows& rows, const GroupOptions& options) {
  check(rows, options);
  std::vector<int32_t> classes = options.of_classes;
  if (classes.empty()) {
    classes.resize(rows.classes);
    std::iota(classes.begin(), classes.end(), 0);
  }
  using enum GroupMetric;
  std::vector<std::pair<GroupMetric, int32_t>> wanted = {{accuracy, -1}, {calibration_gap, -1}};
  for (const int32_t cls : classes) {
    for (const auto metric : {selection_rate, true_positive_rate, false_positive_rate})
      wanted.emplace_back(metric, cls);
  }
  Rng rng(options.seed);
  const auto counts = draw_counts(rows.labels.size(), options.resamples, rng);
  Rates rates(rows.group_count, options.least_rows);
  std::vector<GroupGap> gaps;
  std::vector<double> p_values;
  for (const auto& [metric, cls] : wanted) {
    check_interrupt();
    const Outcome outcome = outcome_of(rows, metric, cls);
    GroupGap gap{metric, cls, rates_of(rows, outcome, options.confidence), {}, {}, -1, -1, 1, 1};
    rates.begin(outcome, rows.groups);
    if (rates.taking_part() >= 2) {
      resample(outcome, rows, options, counts, rates, gap);
      gap.p_value = permuted(outcome, rows, options, gap, rates, rng);
      p_values.push_back(gap.p_value);
    }
    gaps.push_back(std::move(gap));
  }
  const auto q_values = benjamini_hochberg(p_values);
  size_t next = 0;
  for (GroupGap& gap : gaps) {
    if (gap.difference) gap.q_value = q_values[next++];
  }
  return gaps;
}

}  // namespace querist::metrics
