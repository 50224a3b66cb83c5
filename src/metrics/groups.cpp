// Every metric is a mean over some rows, so one permutation test serves all.
#include "metrics/groups.h"

#include <algorithm>
#include <cmath>
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

// Sums of one outcome by group; memory kept from call to call.
class Rates {
 public:
  Rates(size_t groups, int64_t least_rows)
      : sums_(groups), counts_(groups), taking_part_(groups, 1), least_rows_(least_rows) {}

  // Which groups have enough rows, from the rows as they are.
  void begin(const Outcome& outcome, std::span<const int32_t> groups) {
    std::fill(taking_part_.begin(), taking_part_.end(), uint8_t{1});
    sum(outcome, [&](size_t i) { return groups[outcome.rows[i]]; });
    for (size_t g = 0; g < counts_.size(); ++g)
      taking_part_[g] = counts_[g] >= static_cast<double>(std::max<int64_t>(1, least_rows_));
  }
  template <class GroupOf>
  void sum(const Outcome& outcome, GroupOf group_of) {
    std::fill(sums_.begin(), sums_.end(), 0.0);
    std::fill(counts_.begin(), counts_.end(), 0.0);
    for (size_t i = 0; i < outcome.values.size(); ++i) {
      const auto g = static_cast<size_t>(group_of(i));
      sums_[g] += outcome.values[i];
      ++counts_[g];
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

// Of the first rate less the second from the intervals of both (Newcombe 1998, method 10).
static Estimate newcombe(const Estimate& first, const Estimate& second) {
  const double difference = first.value - second.value;
  return {difference,
          difference - std::hypot(first.value - first.ci_low, second.ci_high - second.value),
          difference + std::hypot(first.ci_high - first.value, second.value - second.ci_low),
          "newcombe"};
}

// The same of their quotient, in logarithms (Donner and Zou 2012); of no more than
// the quotient of the intervals' ends where the first is 0. The second is not.
static Estimate quotient(const Estimate& first, const Estimate& second) {
  const auto log_of = [](double part, double whole) { return std::log(part / whole); };
  if (first.value <= 0) return {0, 0, first.ci_high / second.ci_low, "wilson"};
  const double below =
      std::hypot(log_of(first.value, first.ci_low), log_of(second.ci_high, second.value));
  const double above =
      std::hypot(log_of(first.ci_high, first.value), log_of(second.value, second.ci_low));
  const double ratio = first.value / second.value;
  return {ratio, ratio * std::exp(-below), ratio * std::exp(above), "newcombe"};
}

// The largest less the smallest rate, and the smallest by the largest. Every pair has an interval
// at the level at which all hold at once (Sidak 1967); where they do, so do these.
static void set_gap(const GroupedRows& rows, const Outcome& outcome, const GroupOptions& options,
                    Rates& rates, GroupGap& gap) {
  rates.sum(outcome, [&](size_t i) { return rows.groups[outcome.rows[i]]; });
  std::tie(gap.lowest, gap.highest) = rates.ends();
  const auto groups = static_cast<double>(rates.taking_part());
  const double pairs = groups * (groups - 1) / 2;
  const auto at_once = rates_of(rows, outcome, std::pow(options.confidence, 1 / pairs));
  const int64_t least = std::max<int64_t>(1, options.least_rows);
  const Estimate& low = *at_once[static_cast<size_t>(gap.lowest)].rate;
  const Estimate& high = *at_once[static_cast<size_t>(gap.highest)].rate;
  const bool has_ratio = outcome.metric != GroupMetric::calibration_gap && high.value > 0;
  Estimate difference = {high.value - low.value, 0, 0, "newcombe"};
  Estimate ratio = has_ratio ? quotient(low, high) : Estimate{};
  ratio.ci_high = std::min(1.0, ratio.ci_high);
  for (const GroupRate& first : at_once) {
    for (const GroupRate& second : at_once) {
      if (&first == &second || first.rows < least || second.rows < least) continue;
      const Estimate apart = newcombe(*first.rate, *second.rate);
      difference.ci_low = std::max(difference.ci_low, apart.ci_low);
      difference.ci_high = std::max(difference.ci_high, std::min(1.0, apart.ci_high));
      if (!has_ratio || second.rate->value <= 0) continue;
      const Estimate part = quotient(*first.rate, *second.rate);
      ratio.ci_low = std::min(ratio.ci_low, part.ci_low);
      ratio.ci_high = std::min(ratio.ci_high, part.ci_high);
    }
  }
  gap.difference = difference;
  if (has_ratio) gap.ratio = ratio;
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
  for (size_t r = 0; r < options.permutations; ++r) {
    rng.shuffle(groups);
    rates.sum(kept, [&](size_t i) { return groups[i]; });
    const auto [low, high] = rates.lowest_and_highest();
    as_far += high - low >= gap.difference->value - 1e-12;  // Equal sums may differ by rounding.
  }
  return static_cast<double>(as_far) / static_cast<double>(options.permutations + 1);
}

static void check(const GroupedRows& rows, const GroupOptions& options) {
  const size_t n = rows.labels.size();
  if (rows.predicted.size() != n || rows.confidences.size() != n || rows.groups.size() != n) {
    refuse("groups need labels, predictions, confidences and groups of the same rows");
  }
  if (options.permutations < 1) refuse("a permutation test needs a permutation");
  for (size_t i = 0; i < n; ++i) {
    const auto classes = static_cast<int32_t>(rows.classes);
    if (rows.labels[i] < 0 || rows.labels[i] >= classes || rows.predicted[i] < 0 ||
        rows.predicted[i] >= classes || rows.groups[i] < -1 ||
        rows.groups[i] >= static_cast<int32_t>(rows.group_count))
      refuse("row {} has a label, a prediction or a group that is out of range", i);
  }
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
  Rates rates(rows.group_count, options.least_rows);
  std::vector<GroupGap> gaps;
  std::vector<double> p_values;
  for (const auto& [metric, cls] : wanted) {
    check_interrupt();
    const Outcome outcome = outcome_of(rows, metric, cls);
    GroupGap gap{metric, cls, rates_of(rows, outcome, options.confidence), {}, {}, -1, -1, 1, 1};
    rates.begin(outcome, rows.groups);
    if (rates.taking_part() >= 2) {
      set_gap(rows, outcome, options, rates, gap);
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
