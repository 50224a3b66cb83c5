// Gaps between groups against Fairlearn (tests/golden/slices.json), and what chance alone gives.
#include "metrics/groups.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/rng.h"
#include "metrics/two_groups.h"

namespace querist::metrics {

static const GroupGap& gap_of(const std::vector<GroupGap>& gaps, GroupMetric metric, int32_t cls) {
  return *std::find_if(gaps.begin(), gaps.end(),
                       [&](const GroupGap& gap) { return gap.metric == metric && gap.cls == cls; });
}

TEST(Groups, AgreeWithFairlearn) {
  const Json golden =
      parse_json(read_file(QUERIST_SOURCE_DIR "/tests/golden/slices.json"))["groups"];
  const auto labels = golden["labels"].get<std::vector<int32_t>>();
  const auto predicted = golden["predicted"].get<std::vector<int32_t>>();
  const auto confidences = golden["confidences"].get<std::vector<double>>();
  const auto groups = golden["groups"].get<std::vector<int32_t>>();
  const auto gaps =
      compare_groups({labels, predicted, confidences, groups, 3, 3}, {.permutations = 100});
  for (int32_t cls = 0; cls < 3; ++cls) {
    const Json& one = golden["classes"][static_cast<size_t>(cls)];
    const GroupGap& selection = gap_of(gaps, GroupMetric::selection_rate, cls);
    const GroupGap& tpr = gap_of(gaps, GroupMetric::true_positive_rate, cls);
    const GroupGap& fpr = gap_of(gaps, GroupMetric::false_positive_rate, cls);
    for (size_t g = 0; g < 3; ++g) {
      EXPECT_NEAR(selection.groups[g].rate->value, one["selection_rate"][g], 1e-12);
      EXPECT_NEAR(tpr.groups[g].rate->value, one["true_positive_rate"][g], 1e-12);
      EXPECT_NEAR(fpr.groups[g].rate->value, one["false_positive_rate"][g], 1e-12);
    }
    EXPECT_NEAR(selection.difference->value, one["demographic_parity_difference"], 1e-12);
    EXPECT_NEAR(selection.ratio->value, one["demographic_parity_ratio"], 1e-12);
    EXPECT_NEAR(tpr.difference->value, one["equal_opportunity_difference"], 1e-12);
    EXPECT_NEAR(std::max(tpr.difference->value, fpr.difference->value),
                one["equalized_odds_difference"], 1e-12);
  }
}

struct Drawn {
  std::vector<int32_t> labels, predicted, groups;
  std::vector<double> confidences;
  GroupedRows rows(size_t group_count = 2) const {
    return {labels, predicted, confidences, groups, group_count, 2};
  }
};

// Right with the chance of the row's group; 0.9 sure of everything.
static Drawn drawn(uint64_t seed, size_t n, double first, double second) {
  Rng rng(seed);
  Drawn rows;
  for (size_t i = 0; i < n; ++i) {
    rows.groups.push_back(static_cast<int32_t>(rng.below(2)));
    rows.labels.push_back(static_cast<int32_t>(rng.below(2)));
    const bool right = rng.uniform() < (rows.groups.back() == 0 ? first : second);
    rows.predicted.push_back(right ? rows.labels.back() : 1 - rows.labels.back());
    rows.confidences.push_back(0.9);
  }
  return rows;
}

TEST(Groups, TellAGapFromChance) {
  const Drawn rows = drawn(1, 600, 0.9, 0.6);
  const auto gaps = compare_groups(rows.rows());
  const GroupGap& accuracy = gaps.front();
  EXPECT_EQ(accuracy.highest, 0);
  EXPECT_EQ(accuracy.lowest, 1);
  EXPECT_EQ(accuracy.p_value, 1 / 1001.0);
  EXPECT_LT(accuracy.difference->ci_low, 0.3);
  EXPECT_GT(accuracy.difference->ci_high, 0.3);
  EXPECT_GT(accuracy.difference->ci_low, 0.15);
  const GroupGap& calibration = gap_of(gaps, GroupMetric::calibration_gap, -1);
  EXPECT_NEAR(calibration.difference->value, accuracy.difference->value, 1e-12);
  EXPECT_NEAR(calibration.groups[1].rate->value, 0.9 - accuracy.groups[1].rate->value, 1e-12);
  EXPECT_FALSE(calibration.ratio.has_value());
}

// Where groups are alike, p is uniform: at most 0.05 in one of twenty sets. 200 sets: 0.05 and
// three standard errors, 0.046.
TEST(Groups, AreFoundApartByChanceAsRarelyAsStated) {
  int apart = 0;
  for (uint64_t set = 0; set < 200; ++set) {
    const Drawn rows = drawn(mix_seed(2, set), 120, 0.8, 0.8);
    const auto gaps = compare_groups(rows.rows(), {.of_classes = {1}, .permutations = 199});
    apart += gap_of(gaps, GroupMetric::true_positive_rate, 1).p_value <= 0.05;
  }
  EXPECT_LE(apart, 19);
  EXPECT_GE(apart, 1);
}

// Of two groups it is the interval that compare_shares has, without the sign.
TEST(Groups, HaveNewcombesIntervalOfTwoShares) {
  for (uint64_t set = 0; set < 20; ++set) {
    const Drawn rows = drawn(mix_seed(3, set), 40, 0.85, 0.7);
    int64_t right[2] = {0, 0}, all[2] = {0, 0};
    for (size_t i = 0; i < rows.labels.size(); ++i) {
      right[rows.groups[i]] += rows.labels[i] == rows.predicted[i];
      ++all[rows.groups[i]];
    }
    const auto gap = compare_groups(rows.rows(), {.of_classes = {1}, .permutations = 10}).front();
    const auto h = gap.highest, l = gap.lowest;
    const Estimate signed_gap = compare_shares(right[h], all[h], right[l], all[l]).difference;
    EXPECT_NEAR(gap.difference->value, signed_gap.value, 1e-12);
    EXPECT_NEAR(gap.difference->ci_low, std::max(0.0, signed_gap.ci_low), 1e-9);
    EXPECT_NEAR(gap.difference->ci_high, std::max(signed_gap.ci_high, -signed_gap.ci_low), 1e-9);
  }
}

// Four groups with the same or with other shares, 300 sets each: of 95 % at least 285, less three
// standard errors of 3.8. Where none differ the interval holds 0, and the ratio's 1.
TEST(Groups, IntervalsHoldTheTrueGapAsOftenAsTheySay) {
  for (const std::vector<double>& shares :
       {std::vector{0.8, 0.8, 0.8, 0.8}, std::vector{0.95, 0.9, 0.7, 0.8}}) {
    const auto [low, high] = std::minmax_element(shares.begin(), shares.end());
    int difference = 0, ratio = 0;
    for (uint64_t set = 0; set < 300; ++set) {
      Rng rng(mix_seed(7, set));
      Drawn rows;
      for (size_t i = 0; i < 160; ++i) {
        rows.groups.push_back(static_cast<int32_t>(rng.below(4)));
        rows.labels.push_back(1);
        rows.predicted.push_back(rng.uniform() < shares[static_cast<size_t>(rows.groups[i])]);
        rows.confidences.push_back(0.9);
      }
      const auto gap = compare_groups(rows.rows(4), {.of_classes = {1}, .permutations = 1}).front();
      difference +=
          gap.difference->ci_low <= *high - *low && *high - *low <= gap.difference->ci_high;
      ratio += gap.ratio->ci_low <= *low / *high && *low / *high <= gap.ratio->ci_high;
    }
    EXPECT_GE(difference, 274);
    EXPECT_GE(ratio, 274);
  }
}

// Newcombe 1998, table II, method 10: 10 of 10 against 0 of 20 lies in 0.6791 … 1, and 10 of 10
// against 0 of 10 in 0.6075 … 1; 0 of 10 against 0 of 20 in -0.1611 … 0.2775, and a gap has no
// sign.
TEST(Groups, ClaimNoCertaintyWhereAllRowsAreAlike) {
  Drawn rows;
  rows.labels.assign(30, 1);
  rows.predicted.assign(30, 0);
  rows.groups.assign(30, 1);
  rows.confidences.assign(30, 0.9);
  std::fill_n(rows.groups.begin(), 10, 0);
  const auto gap_now = [&] { return compare_groups(rows.rows(), {.of_classes = {1}}).front(); };
  const GroupGap none = gap_now();  // All wrong in both.
  EXPECT_EQ(none.metric, GroupMetric::accuracy);
  EXPECT_EQ(none.difference->ci_low, 0);
  EXPECT_NEAR(none.difference->ci_high, 0.2775, 1e-4);
  EXPECT_FALSE(none.ratio);
  std::fill_n(rows.predicted.begin(), 10, 1);
  const GroupGap whole = gap_now();  // All right against all wrong.
  EXPECT_NEAR(whole.difference->ci_low, 0.6791, 1e-4);
  EXPECT_EQ(whole.difference->ci_high, 1);
  EXPECT_EQ(whole.ratio->ci_low, 0);
  EXPECT_NEAR(whole.ratio->ci_high, 0.1611 / 0.7225, 1e-4);
  std::fill_n(rows.predicted.begin(), 5, 0);
  const GroupGap half = gap_now();  // Half right against all wrong: the ratio alone is always 0.
  EXPECT_EQ(half.difference->method, "newcombe");
  EXPECT_EQ(half.ratio->ci_low, 0);
  EXPECT_NEAR(half.ratio->ci_high, 0.1611 / 0.2366, 1e-3);
  rows.predicted.assign(30, 1);
  const GroupGap level = gap_now();  // All right in both.
  EXPECT_NEAR(level.difference->ci_high, 0.2775, 1e-4);
  EXPECT_NEAR(level.ratio->ci_low, 0.7225, 1e-4);
  EXPECT_EQ(level.ratio->ci_high, 1);
}

TEST(Groups, TooSmallOnesAreShownButMakeNoGap) {
  Drawn rows = drawn(4, 200, 0.8, 0.8);
  for (int i = 0; i < 3; ++i) {  // A third group of three rows, all wrong, and rows of no group.
    for (const int32_t group : {2, -1}) {
      rows.groups.push_back(group);
      rows.labels.push_back(1);
      rows.predicted.push_back(0);
      rows.confidences.push_back(0.9);
    }
  }
  const auto gaps = compare_groups(rows.rows(3), {.least_rows = 10, .permutations = 50});
  EXPECT_EQ(gaps.front().groups[2].rows, 3);
  EXPECT_EQ(gaps.front().groups[2].rate->value, 0);
  EXPECT_NE(gaps.front().lowest, 2);
  EXPECT_LT(gaps.front().difference->value, 0.5);
  EXPECT_EQ(gap_of(gaps, GroupMetric::false_positive_rate, 1).groups[2].rows, 0);
  const auto alone = compare_groups(rows.rows(3), {.least_rows = 150, .permutations = 50});
  EXPECT_FALSE(alone.front().difference.has_value());
}

TEST(Groups, RefuseRowsThatDoNotFit) {
  Drawn rows = drawn(5, 20, 0.8, 0.8);
  rows.groups[3] = 2;
  EXPECT_THROW(compare_groups(rows.rows()), Error);
  rows.groups.pop_back();
  EXPECT_THROW(compare_groups(rows.rows()), Error);
}

}  // namespace querist::metrics
