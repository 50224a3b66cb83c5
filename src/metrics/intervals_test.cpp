// Intervals hold what they promise: coverage, closed forms, refusals.
#include "metrics/intervals.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "base/rng.h"
#include "metrics/distributions.h"

namespace querist::metrics {

TEST(Intervals, WilsonStaysWithinZeroAndOneAndShrinksWithTrials) {
  double width = 2;
  for (const int64_t n : {1, 2, 5, 20, 100, 10'000}) {
    for (const int64_t k : {int64_t{0}, n / 2, n}) {
      const Estimate e = wilson_interval(k, n);
      EXPECT_LE(0, e.ci_low);
      EXPECT_LE(e.ci_low, e.value);
      EXPECT_LE(e.value, e.ci_high);
      EXPECT_LE(e.ci_high, 1);
    }
    const Estimate all = wilson_interval(n, n);
    EXPECT_EQ(all.ci_high, 1);
    // At k = n the lower end is n / (n + z^2).
    const double z = normal_quantile(0.975);
    EXPECT_NEAR(all.ci_low, static_cast<double>(n) / (static_cast<double>(n) + z * z), 1e-12);
    EXPECT_LT(all.ci_high - all.ci_low, width);
    width = all.ci_high - all.ci_low;
  }
}

TEST(Intervals, RefuseNothingToMeasure) {
  EXPECT_THROW(wilson_interval(0, 0), Error);
  EXPECT_THROW(wilson_interval(3, 2), Error);
  EXPECT_THROW(wilson_interval(-1, 2), Error);
  EXPECT_THROW(wilson_interval(1, 2, 1.0), Error);
  const std::vector<double> one = {1};
  EXPECT_THROW(student_t_interval(one), Error);
  EXPECT_THROW(mean({}), Error);
  EXPECT_THROW(bootstrap_interval(
                   0, [](auto) { return 0.0; }, 1),
               Error);
  EXPECT_THROW(paired_bootstrap(one, {}, 1), Error);
}

TEST(Intervals, BootstrapsCoverTheTruth) {
  // 300 samples of 40 uniforms; a 95 % interval misses the mean 1/2 in 15 of them, give or
  // take 3.8.
  Rng rng(5);
  int percentile = 0;
  int corrected = 0;
  int student = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<double> values(40);
    for (double& value : values) value = rng.uniform();
    const Statistic average = [&](std::span<const size_t> rows) {
      double sum = 0;
      for (const size_t row : rows) sum += values[row];
      return sum / static_cast<double>(rows.size());
    };
    const auto missed = [](const Estimate& e) { return e.ci_low > 0.5 || e.ci_high < 0.5; };
    percentile +=
        missed(bootstrap_interval(40, average, mix_seed(1, static_cast<uint64_t>(round)), 400));
    corrected += missed(bca_interval(40, average, mix_seed(2, static_cast<uint64_t>(round)), 400));
    student += missed(student_t_interval(values));
  }
  for (const int misses : {percentile, corrected, student}) {
    EXPECT_GE(misses, 3);
    EXPECT_LE(misses, 32);
  }
}

TEST(Intervals, APairedBootstrapSeesASmallSteadyDifference) {
  Rng rng(6);
  std::vector<double> a;
  std::vector<double> b;
  for (int i = 0; i < 50; ++i) {
    b.push_back(10 * rng.normal());
    a.push_back(b.back() + 0.1 + 0.05 * rng.normal());
  }
  const Estimate e = paired_bootstrap(a, b, 1);
  EXPECT_NEAR(e.value, mean(a) - mean(b), 1e-12);
  EXPECT_GT(e.ci_low, 0.05);
  EXPECT_LT(e.ci_high, 0.15);
}

TEST(Intervals, BcaOfAConstantIsThatConstant) {
  const Estimate e = bca_interval(
      10, [](auto) { return 3.0; }, 1);
  EXPECT_EQ(e.ci_low, 3);
  EXPECT_EQ(e.ci_high, 3);
}

TEST(MeanShareInterval, IsWilsonsForOneShareAndHasWidthAtTheEdge) {
  const std::vector<Share> one = {{7, 10}, {0, 0}};
  const Estimate wilson = wilson_interval(7, 10);
  EXPECT_DOUBLE_EQ(mean_share_interval(one).ci_low, wilson.ci_low);
  EXPECT_DOUBLE_EQ(mean_share_interval(one).ci_high, wilson.ci_high);
  const std::vector<Share> perfect = {{25, 25}, {5, 5}};
  EXPECT_EQ(mean_share_interval(perfect).ci_high, 1);
  EXPECT_LT(mean_share_interval(perfect).ci_low, 0.85);
}

TEST(MeanShareInterval, CoversTheTruthAboutAsOftenAsItSays) {
  // 2,000 draws: the coverage's own standard error is 0.5 points; the interval is allowed to be
  // conservative.
  Rng rng(3);
  int covered = 0;
  for (int round = 0; round < 2000; ++round) {
    std::vector<Share> shares = {{0, 40}, {0, 12}, {0, 25}};
    const double truth[] = {0.95, 0.7, 0.85};
    for (size_t c = 0; c < 3; ++c) {
      for (int64_t i = 0; i < shares[c].trials; ++i)
        shares[c].successes += rng.uniform() < truth[c];
    }
    const Estimate e = mean_share_interval(shares);
    covered += e.ci_low <= 2.5 / 3 && 2.5 / 3 <= e.ci_high;
  }
  EXPECT_GE(covered / 2000.0, 0.93);
  EXPECT_LE(covered / 2000.0, 0.985);
}

TEST(ExactLowerBound, IsTheShareAtWhichTheTailHasTheRisk) {
  for (const int64_t trials : {1, 7, 40, 300}) {
    for (int64_t hits = 1; hits <= trials; hits += 1 + trials / 9) {
      for (const double risk : {0.05, 0.01, 1e-6}) {
        const double bound = exact_lower_bound(hits, trials, risk);
        // The bisection ends at 1e-12; the tail's slope is at most the number of trials.
        EXPECT_NEAR(1 - binomial_cdf(hits - 1, trials, bound), risk, 1e-8);
        EXPECT_LT(bound, static_cast<double>(hits) / static_cast<double>(trials) + 1e-12);
      }
    }
  }
  EXPECT_EQ(exact_lower_bound(0, 5, 0.05), 0);
  EXPECT_NEAR(exact_lower_bound(10, 10, 0.05), std::pow(0.05, 0.1), 1e-10);
  EXPECT_THROW(exact_lower_bound(6, 5, 0.05), Error);
}

// Twenty documents of six rows that are right with the document's own chance, 0.95 or 0.45: the
// share is 0.7. Of 400 draws, 95 % less three standard errors of 4.4 is 367; Wilson's interval of
// the rows as if independent holds far fewer.
TEST(Intervals, OfAShareByGroupsHoldsItWhereRowsOfAGroupAreAlike) {
  Rng rng(11);
  int by_groups = 0, by_rows = 0;
  for (int set = 0; set < 400; ++set) {
    std::vector<uint8_t> hits;
    std::vector<int32_t> groups;
    int64_t right = 0;
    for (int32_t document = 0; document < 20; ++document) {
      const double chance = rng.below(2) ? 0.95 : 0.45;
      for (int row = 0; row < 6; ++row) {
        hits.push_back(rng.uniform() < chance);
        groups.push_back(document);
        right += hits.back();
      }
    }
    const Estimate clustered = cluster_share_interval(hits, groups);
    const Estimate plain = wilson_interval(right, 120);
    EXPECT_EQ(clustered.value, plain.value);
    by_groups += clustered.ci_low <= 0.7 && 0.7 <= clustered.ci_high;
    by_rows += plain.ci_low <= 0.7 && 0.7 <= plain.ci_high;
  }
  EXPECT_GE(by_groups, 367);
  EXPECT_LT(by_rows, 340);
}

TEST(Intervals, OfAShareByGroupsIsWilsonsWhereEachRowIsAlone) {
  std::vector<uint8_t> hits(50, 1);
  std::vector<int32_t> groups(50);
  std::iota(groups.begin(), groups.end(), 0);
  EXPECT_EQ(cluster_share_interval(hits, groups).ci_low, wilson_interval(50, 50).ci_low);
  std::fill_n(hits.begin(), 10, uint8_t{0});
  // One row less than there are: the variance between groups divides by 49.
  EXPECT_NEAR(cluster_share_interval(hits, groups).ci_low, wilson_interval(40, 50).ci_low, 0.002);
  groups.assign(50, 3);  // One document tells no more than one row.
  EXPECT_LT(cluster_share_interval(hits, groups).ci_low, 0.2);
  EXPECT_THROW(cluster_share_interval(hits, std::span(groups).first(3)), Error);
}

TEST(Bca, OfResamplesOnOneSideOfTheValueIsThePercentiles) {
  std::vector<double> resampled;
  for (int i = 0; i <= 100; ++i) resampled.push_back(i);
  const std::vector<double> without{-0.9, -1, -1.2};
  const Estimate below = bca_from(-1, resampled, without, 0.9);
  EXPECT_EQ(below.method, "bootstrap");
  EXPECT_NEAR(below.ci_low, 5, 1e-9);
  EXPECT_NEAR(below.ci_high, 95, 1e-9);
  const Estimate inside = bca_from(40, resampled, without, 0.9);
  EXPECT_EQ(inside.method, "bca");
  EXPECT_TRUE(inside.ci_low < 40 && 40 < inside.ci_high);
}

}  // namespace querist::metrics
