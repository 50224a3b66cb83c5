// Against statsmodels 0.14 (Holm), SciPy 1.17 (Friedman, studentized range) and Demšar's table.
#include "metrics/multiple_comparisons.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

namespace querist::metrics {

TEST(Holm, EqualsStatsmodels) {
  // multipletests(p, method="holm")[1]
  const auto corrected = holm(std::vector{0.01, 0.04, 0.03, 0.005, 0.2, 0.03});
  const std::vector expected = {0.05, 0.12, 0.12, 0.03, 0.2, 0.12};
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(corrected[i], expected[i], 1e-15);
  EXPECT_TRUE(holm({}).empty());
  EXPECT_EQ(holm(std::vector{0.9, 0.8}), (std::vector{1.0, 1.0}));
  EXPECT_THROW(holm(std::vector{-0.1}), Error);
  EXPECT_THROW(holm(std::vector{std::nan("")}), Error);
}

TEST(Friedman, EqualsScipyThroughImanAndDavenport) {
  // F and f.sf(F, k - 1, (k - 1) * (n - 1)) from friedmanchisquare(*X.T), two ties within.
  const std::vector values = {.85, .82, .80, .79, .90, .91, .88, .85, .70, .70,
                              .65, .66, .60, .58, .59, .55, .77, .75, .74, .74};
  const TestResult result = friedman(values, 4);
  EXPECT_NEAR(result.statistic, 12, 1e-10);
  EXPECT_NEAR(result.p_value, 0.0006345203748151753, 1e-12);
  EXPECT_EQ(friedman(std::vector{1., 1., 1., 1.}, 2).p_value, 1);
  EXPECT_THROW(friedman(std::vector{1., 2.}, 2), Error);
}

TEST(Friedman, IsExactOnFewBlocks) {
  // Enumerated in Python over itertools.product of the distinct permutations of every block's
  // scipy.stats.rankdata, the first block's among them.
  const auto p = [](size_t methods, std::vector<double> values) {
    return friedman(values, methods).p_value;
  };
  EXPECT_NEAR(p(2, {2, 1, 2, 1}), 0.5, 1e-15);
  EXPECT_NEAR(p(3, {3, 2, 1, 3, 2, 1}), 1. / 6, 1e-15);
  EXPECT_NEAR(p(3, {1, 1, 0, 1, 1, 0}), 1. / 3, 1e-15);
  EXPECT_NEAR(p(3, {3, 2, 1, 3, 1, 2, 1, 3, 2}), 0.9444444444444444, 1e-15);
  EXPECT_NEAR(p(3, {.5, .9, .5, .4, .8, .1, .3, .7, .6, .6, .6, .2}), 0.09259259259259259, 1e-15);
  EXPECT_NEAR(p(4, {4, 3, 2, 1, 4, 3, 1, 2, 3, 4, 2, 1}), 0.03298611111111111, 1e-15);
  // Never below what the number of arrangements allows, also where they are too many to count.
  std::vector<double> alike;
  for (int block = 0; block < 10; ++block) alike.insert(alike.end(), {4, 3, 2, 1});
  EXPECT_NEAR(p(4, alike) * std::pow(24, 9), 1, 1e-9);
}

TEST(DescendingRanks, ShareTies) {
  EXPECT_EQ(descending_ranks(std::vector{0.5, 0.9, 0.5, 0.1}), (std::vector{2.5, 1.0, 2.5, 4.0}));
  const std::vector<double> rounded = {0.1 + 0.2, 0.3, 0.9};
  EXPECT_EQ(descending_ranks(rounded), (std::vector{2.0, 3.0, 1.0}));
  EXPECT_EQ(descending_ranks(rounded, 1e-12), (std::vector{2.5, 2.5, 1.0}));
}

TEST(CriticalDifference, EqualsTheStudentizedRangeAndDemsarsTable) {
  // studentized_range.ppf(1 - alpha, k, inf) / sqrt(2); Demšar's table has them to three digits.
  const auto q = [](size_t k, double alpha) {
    return critical_difference(k, 1, alpha) / std::sqrt(static_cast<double>(k * (k + 1)) / 6);
  };
  EXPECT_NEAR(q(2, 0.05), 1.9599639845400534, 1e-8);
  EXPECT_NEAR(q(3, 0.05), 2.343700586378409, 1e-7);
  EXPECT_NEAR(q(5, 0.05), 2.7277743708703763, 1e-7);
  EXPECT_NEAR(q(10, 0.05), 3.163683577053373, 1e-7);
  EXPECT_NEAR(q(20, 0.05), 3.5437993115177815, 5e-7);  // SciPy integrates to 1e-7 there.
  EXPECT_NEAR(q(10, 0.1), 2.9198888400615384, 1e-7);
  // Demšar (2006), section 3.2.4: four classifiers, 14 data sets.
  EXPECT_NEAR(critical_difference(4, 14), 1.25, 0.005);
  EXPECT_THROW(critical_difference(1, 5), Error);
}

}  // namespace querist::metrics
