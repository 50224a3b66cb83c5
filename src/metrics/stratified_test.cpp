// Stratified estimates: the allocation against every other, textbook variance, coverage.
#include "metrics/stratified.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "base/error.h"
#include "base/rng.h"
#include "metrics/distributions.h"
#include "metrics/intervals.h"

namespace querist::metrics {

static double variance(std::span<const int64_t> sizes, std::span<const double> deviations,
                       std::span<const int64_t> labels) {
  double sum = 0;
  for (size_t h = 0; h < sizes.size(); ++h) {
    if (labels[h] == 0) continue;
    const double part = static_cast<double>(sizes[h]) * deviations[h];
    sum += part * part / static_cast<double>(labels[h]);
  }
  return sum;
}

TEST(Neyman, IsTheBestOfAllAllocations) {
  Rng rng(2);
  for (int round = 0; round < 200; ++round) {
    const size_t strata = 1 + rng.below(3);
    std::vector<int64_t> sizes;
    std::vector<double> deviations;
    int64_t least = 0;
    int64_t all = 0;
    for (size_t h = 0; h < strata; ++h) {
      sizes.push_back(static_cast<int64_t>(1 + rng.below(8)));
      deviations.push_back(rng.below(4) == 0 ? 0 : rng.uniform());
      least += std::min<int64_t>(2, sizes[h]);
      all += sizes[h];
    }
    const int64_t count =
        least + static_cast<int64_t>(rng.below(static_cast<uint64_t>(all - least + 1)));
    const auto found = neyman_allocation(sizes, deviations, count);
    double best = INFINITY;
    std::vector<int64_t> labels(strata);
    const std::function<void(size_t, int64_t)> try_all = [&](size_t h, int64_t left) {
      if (h == strata) {
        if (left == 0) best = std::min(best, variance(sizes, deviations, labels));
        return;
      }
      for (int64_t n = std::min<int64_t>(2, sizes[h]); n <= std::min(left, sizes[h]); ++n) {
        labels[h] = n;
        try_all(h + 1, left - n);
      }
    };
    try_all(0, count);
    int64_t given = 0;
    for (const int64_t n : found) given += n;
    EXPECT_EQ(given, count);
    EXPECT_NEAR(variance(sizes, deviations, found), best, 1e-12 * (1 + best));
  }
}

TEST(Neyman, GoesBySizeWhereNothingIsExpectedToVary) {
  EXPECT_EQ(neyman_allocation(std::vector<int64_t>{100, 300}, std::vector<double>{0, 0}, 8),
            (std::vector<int64_t>{2, 6}));
  EXPECT_THROW(neyman_allocation(std::vector<int64_t>{3, 3}, std::vector<double>{1, 1}, 3), Error);
  EXPECT_THROW(neyman_allocation(std::vector<int64_t>{3, 3}, std::vector<double>{1, 1}, 7), Error);
}

TEST(Strata, HoldEqualSharesOfTheDeviation) {
  const auto strata = strata_by_deviation(std::vector<double>{3, 1, 1, 1, 2, 1, 3}, 2);
  // In order: rows 1, 2, 3, 5 (4 in all), 4 (6 = half of 12), then 0 and 6.
  EXPECT_EQ(strata, (std::vector<int32_t>{1, 0, 0, 0, 0, 0, 1}));
  EXPECT_EQ(strata_by_deviation(std::vector<double>{0, 0, 0, 0}, 2),
            (std::vector<int32_t>{0, 0, 1, 1}));
  Rng rng(8);
  for (int round = 0; round < 200; ++round) {
    const size_t wanted = 1 + rng.below(6);
    std::vector<double> deviations(2 * wanted + rng.below(20));
    for (double& one : deviations) one = std::pow(rng.uniform(), 8);
    std::vector<int> sizes(wanted);
    for (const int32_t one : strata_by_deviation(deviations, wanted))
      ++sizes[static_cast<size_t>(one)];
    for (const int size : sizes) EXPECT_GE(size, 2);
  }
  EXPECT_THROW(strata_by_deviation(std::vector<double>{1, 2, 3}, 2), Error);
}

TEST(StratifiedEstimate, IsTheTextbooks) {
  // Cochran 1977, equations 5.1 and 5.9: sizes 60 and 40.
  const std::vector<double> values = {2, 4, 9, 5, 6};
  const std::vector<int32_t> strata = {0, 0, 0, 1, 1};
  const std::vector<int64_t> sizes = {60, 40};
  const Estimate e = stratified_estimate(values, strata, sizes);
  EXPECT_NEAR(e.value, 0.6 * 5 + 0.4 * 5.5, 1e-12);
  const double a = 0.36 * (1 - 3.0 / 60) * 13 / 3;
  const double b = 0.16 * (1 - 2.0 / 40) * 0.5 / 2;
  const double degrees = (a + b) * (a + b) / (a * a / 2 + b * b);
  EXPECT_NEAR(e.ci_high - e.value, student_t_quantile(0.975, degrees) * std::sqrt(a + b), 1e-9);
  EXPECT_EQ(e.method, "stratified_t");
}

TEST(StratifiedEstimate, OfOneStratumWithFewFlagsIsWilson) {
  const std::vector<double> values = {1, 0, 0, 0};
  const std::vector<int32_t> strata(4);
  const Estimate e = stratified_estimate(values, strata, std::vector<int64_t>{1'000'000'000});
  const Estimate wilson = wilson_interval(1, 4);
  EXPECT_NEAR(e.ci_low, wilson.ci_low, 1e-8);
  EXPECT_NEAR(e.ci_high, wilson.ci_high, 1e-8);
  // A census has no width, and an all-zero sample has some.
  EXPECT_EQ(stratified_estimate(values, strata, std::vector<int64_t>{4}).ci_high, 0.25);
  EXPECT_GT(stratified_estimate(std::vector<double>{0, 0}, std::vector<int32_t>{0, 0},
                                std::vector<int64_t>{50})
                .ci_high,
            0.1);
}

TEST(StratifiedEstimate, CoversTheTruth) {
  Rng rng(3);
  const std::vector<int64_t> sizes = {1200, 500, 300};
  const double chance[] = {0.02, 0.2, 0.6};
  std::vector<std::vector<double>> pool(3);
  double truth = 0;
  for (size_t h = 0; h < 3; ++h) {
    for (int64_t i = 0; i < sizes[h]; ++i) {
      pool[h].push_back(rng.uniform() < chance[h]);
      truth += pool[h].back() / 2000;
    }
  }
  const auto labels = neyman_allocation(sizes, std::vector<double>{0.14, 0.4, 0.49}, 100);
  for (const bool graded : {false, true}) {
    int covered = 0;
    for (int round = 0; round < 2000; ++round) {
      std::vector<double> values;
      std::vector<int32_t> strata;
      for (size_t h = 0; h < 3; ++h) {
        for (const int64_t row : rng.sample(pool[h].size(), static_cast<size_t>(labels[h]))) {
          // Graded losses: half of the error is known for sure, the rest spreads.
          const double flag = pool[h][static_cast<size_t>(row)];
          values.push_back(graded ? 0.25 + 0.5 * flag : flag);
          strata.push_back(static_cast<int32_t>(h));
        }
      }
      const Estimate e = stratified_estimate(values, strata, sizes);
      const double wanted = graded ? 0.25 + 0.5 * truth : truth;
      covered += e.ci_low <= wanted && wanted <= e.ci_high;
    }
    // Standard error 0.005; Wilson's parts err on the safe side, Student's on the other where a
    // stratum happens to show no error.
    EXPECT_GE(covered / 2000.0, graded ? 0.90 : 0.93);
    EXPECT_LE(covered / 2000.0, 0.99);
  }
}

TEST(StratifiedEstimate, RefusesWhatCannotBe) {
  const std::vector<int64_t> sizes = {5, 5};
  EXPECT_THROW(stratified_estimate(std::vector<double>{1, 0}, std::vector<int32_t>{0, 0}, sizes),
               Error);
  EXPECT_THROW(stratified_estimate(std::vector<double>{1, 0}, std::vector<int32_t>{0, 2}, sizes),
               Error);
  EXPECT_THROW(
      stratified_estimate(std::vector<double>{0.5, 0, 1}, std::vector<int32_t>{0, 0, 1}, sizes),
      Error);
  EXPECT_THROW(
      stratified_estimate(std::vector<double>{1}, std::vector<int32_t>{0}, std::vector<int64_t>{0}),
      Error);
}

}  // namespace querist::metrics
