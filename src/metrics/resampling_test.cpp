// Intervals by resampling of weights: the same as of rows, coverage, and groups that hang together.
#include "metrics/resampling.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "metrics/class_calibration.h"
#include "metrics/confusion.h"
#include "metrics/intervals.h"
#include "metrics/ranking.h"
#include "metrics/regression.h"

namespace querist::metrics {

static WeightedStatistic weighted_mean(const std::vector<double>& values) {
  return [&values](std::span<const double> weights) {
    double sum = 0;
    double total = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      sum += weights[i] * values[i];
      total += weights[i];
    }
    return sum / total;
  };
}

TEST(Resampling, IsBcaOfTheSameDraws) {
  Rng rng(1);
  std::vector<double> values(30);
  for (double& value : values) value = std::exp(rng.normal());
  const Statistic by_rows = [&](std::span<const size_t> rows) {
    double sum = 0;
    for (const size_t row : rows) sum += values[row];
    return sum / static_cast<double>(rows.size());
  };
  const Estimate a = resampled_interval(30, weighted_mean(values), {.seed = 4});
  const Estimate b = bca_interval(30, by_rows, 4);
  EXPECT_NEAR(a.ci_low, b.ci_low, 1e-12);
  EXPECT_NEAR(a.ci_high, b.ci_high, 1e-12);
  EXPECT_EQ(a.method, "bca");
}

TEST(Resampling, BlocksOfLeftOutRowsGiveTheSameAcceleration) {
  // 3,000 skewed values: blocks of three in place of each row. The acceleration moves the ends by
  // a few thousandths of the width; the two agree to a tenth of that.
  Rng rng(2);
  std::vector<double> values(3000);
  for (double& value : values) value = std::exp(rng.normal());
  const Statistic by_rows = [&](std::span<const size_t> rows) {
    double sum = 0;
    for (const size_t row : rows) sum += values[row];
    return sum / static_cast<double>(rows.size());
  };
  const Estimate a = resampled_interval(3000, weighted_mean(values), {.seed = 4, .resamples = 500});
  const Estimate b = bca_interval(3000, by_rows, 4, 500);
  EXPECT_NEAR(a.ci_low, b.ci_low, 0.02 * (b.ci_high - b.ci_low));
  EXPECT_NEAR(a.ci_high, b.ci_high, 0.02 * (b.ci_high - b.ci_low));
}

TEST(Resampling, GroupsAreDrawnTogether) {
  // 30 groups of 10 rows whose values are nearly the group's: rows alone claim far too much.
  Rng rng(3);
  int covered = 0;
  int naive = 0;
  const int rounds = 300;
  for (int round = 0; round < rounds; ++round) {
    std::vector<double> values;
    std::vector<int32_t> groups;
    for (int32_t group = 0; group < 30; ++group) {
      const double centre = rng.normal();
      for (int i = 0; i < 10; ++i) {
        values.push_back(centre + 0.1 * rng.normal());
        groups.push_back(1000 - 7 * group);
      }
    }
    const auto seed = static_cast<uint64_t>(round);
    const Estimate together = resampled_interval(
        300, weighted_mean(values), {.groups = groups, .seed = seed, .resamples = 400});
    const Estimate alone =
        resampled_interval(300, weighted_mean(values), {.seed = seed, .resamples = 400});
    EXPECT_EQ(together.method, "cluster_bca");
    covered += together.ci_low <= 0 && 0 <= together.ci_high;
    naive += alone.ci_low <= 0 && 0 <= alone.ci_high;
  }
  // 0.95 with a standard error of 0.013; a bootstrap of 30 units falls two points short.
  EXPECT_GE(covered / double{rounds}, 0.89);
  EXPECT_LE(naive / double{rounds}, 0.6);
}

TEST(Resampling, ServesEveryMetric) {
  Rng rng(4);
  const size_t n = 120;
  std::vector<int32_t> labels(n), predicted(n);
  std::vector<double> scores(n), targets(n), guesses(n), p(2 * n);
  std::vector<uint8_t> positive(n);
  for (size_t i = 0; i < n; ++i) {
    p[2 * i + 1] = scores[i] = rng.uniform();
    p[2 * i] = 1 - scores[i];
    labels[i] = positive[i] = rng.uniform() < std::pow(scores[i], 3);  // Overconfident.
    predicted[i] = scores[i] > 0.5;
    targets[i] = rng.normal();
    guesses[i] = targets[i] + 0.5 * rng.normal();
  }
  const RankedScores ranked(scores);
  const DoubleView view{n, 2, p.data()};
  const TopLabels top = top_labels(labels, view);
  const auto sides = [&](std::span<const double> w, bool area) {
    std::vector<double> a(n), b(n);
    for (size_t i = 0; i < n; ++i) (positive[i] ? a : b)[i] = w[i];
    return area ? ranked.roc_auc(a, b) : ranked.average_precision(a, b);
  };
  const WeightedStatistic all[] = {
      [&](auto w) { return average_scores(confusion(labels, predicted, 2, w), Average::macro).f1; },
      [&](auto w) { return matthews_correlation(confusion(labels, predicted, 2, w)); },
      [&](auto w) { return cohen_kappa(confusion(labels, predicted, 2, w)); },
      [&](auto w) { return sides(w, true); },
      [&](auto w) { return sides(w, false); },
      [&](auto w) { return classwise_calibration_error(labels, view, 15, w); },
      [&](auto w) { return debiased_calibration_error(top.confidences, top.right, 15, w); },
      [&](auto w) { return root_mean_squared_error(targets, guesses, w); },
      [&](auto w) { return r_squared(targets, guesses, w); },
  };
  std::vector<int32_t> groups(n);
  for (size_t i = 0; i < n; ++i) groups[i] = static_cast<int32_t>(i / 4);
  for (const WeightedStatistic& metric : all) {
    const Estimate e = resampled_interval(n, metric, {.resamples = 300});
    EXPECT_LT(e.ci_low, e.ci_high);
    EXPECT_LT(e.ci_high - e.ci_low, 0.6);
    const Estimate again = resampled_interval(n, metric, {.resamples = 300});
    EXPECT_EQ(e.ci_low, again.ci_low);
    const Estimate grouped = resampled_interval(n, metric, {.groups = groups, .resamples = 300});
    EXPECT_EQ(grouped.value, e.value);
    EXPECT_LT(grouped.ci_low, grouped.ci_high);
  }
}

TEST(Resampling, LeavesOutDrawsWithoutAnAnswerAndRefusesWhereMostHaveNone) {
  // One positive of five: a third of the draws have none.
  const std::vector<double> scores = {1, 2, 3, 4, 5};
  const std::vector<uint8_t> one = {0, 0, 0, 0, 1};
  const RankedScores ranked(scores);
  const auto auc = [&](std::span<const double> w) {
    std::vector<double> a(5), b(5);
    for (size_t i = 0; i < 5; ++i) (one[i] ? a : b)[i] = w[i];
    return ranked.roc_auc(a, b);
  };
  EXPECT_EQ(resampled_interval(5, auc).value, 1);
  const auto rarely = [](std::span<const double> w) { return w[0] == 1 ? 1.0 : NAN; };
  EXPECT_THROW(resampled_interval(9, rarely), Error);
  EXPECT_THROW(resampled_interval(1, rarely), Error);
  const std::vector<int32_t> group(5);
  EXPECT_THROW(resampled_interval(5, auc, {.groups = group}), Error);
}

}  // namespace querist::metrics
