// The chi-square tail and test against scipy 1.17 (stats.chi2.sf, stats.chisquare).
#include "metrics/chi_square.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/error.h"
#include "base/rng.h"

namespace querist::metrics {

TEST(ChiSquare, HasTheTailOfThePeer) {
  struct Golden {
    double x, degrees, tail;
  };
  const std::vector<Golden> goldens = {{0.5, 1, 0.47950012218695337},
                                       {3.84, 1, 0.05004352124870519},
                                       {18.3, 10, 0.050109061411462506},
                                       {1e-6, 3, 0.9999999997340385},
                                       {60, 9, 1.3406780483959625e-09},
                                       {200, 4, 3.75727673578106e-42},
                                       {2.0, 50, 1.0},
                                       {7.0, 9, 0.6371194071693984}};
  for (const Golden& g : goldens) {
    // Relative, for the tails that are small: the sums run in double precision.
    EXPECT_NEAR(chi_square_tail(g.x, g.degrees) / g.tail, 1, 1e-12) << g.x << ", " << g.degrees;
  }
  EXPECT_EQ(chi_square_tail(0, 3), 1);
}

TEST(ChiSquare, TestsCountsAsThePeerDoes) {
  const auto test = [](std::vector<int64_t> counts, std::vector<double> shares) {
    return chi_square_fit(counts, shares);
  };
  EXPECT_NEAR(test({12, 30, 8}, {0.2, 0.5, 0.3}).p_value, 0.09697196786440512, 1e-13);
  EXPECT_NEAR(test({5, 9, 36}, {5, 25, 70}).statistic, 3.5085714285714285, 1e-13);
  // 0.3, 0.4 and 0.5 are expected of the first three, which the peer was given together.
  const auto merged = test({1, 0, 1, 18, 30}, {0.3, 0.4, 0.5, 18.8, 30});
  EXPECT_NEAR(merged.p_value, 0.7530015872653064, 1e-13);
}

TEST(ChiSquare, SeesClassesThatNobodyExpectedButNotOneOddRow) {
  const std::vector<double> collapsed = {1, 0, 0, 0};
  EXPECT_LT(chi_square_fit(std::vector<int64_t>{20, 10, 10, 10}, collapsed).p_value, 1e-12);
  EXPECT_GT(chi_square_fit(std::vector<int64_t>{49, 1, 0, 0}, collapsed).p_value, 0.5);
  EXPECT_EQ(chi_square_fit(std::vector<int64_t>{50}, std::vector<double>{1}).p_value, 1);
}

TEST(ChiSquare, RejectsAsOftenAsItSays) {
  // Of 4,000 draws of 60 rows 5 % lie below p = 0.05; five standard errors are 1.7 %.
  const std::vector<double> shares = {0.1, 0.2, 0.3, 0.4};
  Rng rng(1);
  int rejected = 0;
  for (int draw = 0; draw < 4000; ++draw) {
    std::vector<int64_t> counts(4);
    for (int row = 0; row < 60; ++row) {
      const double u = rng.uniform();
      ++counts[u < 0.1 ? 0 : u < 0.3 ? 1 : u < 0.6 ? 2 : 3];
    }
    rejected += chi_square_fit(counts, shares).p_value < 0.05;
  }
  EXPECT_NEAR(rejected / 4000.0, 0.05, 0.017);
}

TEST(ChiSquare, RefusesWhatCannotBeCompared) {
  EXPECT_THROW(chi_square_fit(std::vector<int64_t>{1}, std::vector<double>{1, 2}), Error);
  EXPECT_THROW(chi_square_fit(std::vector<int64_t>{0, 0}, std::vector<double>{1, 2}), Error);
  EXPECT_THROW(chi_square_fit(std::vector<int64_t>{1, -1}, std::vector<double>{1, 2}), Error);
  EXPECT_THROW(chi_square_fit(std::vector<int64_t>{1, 1}, std::vector<double>{0, 0}), Error);
  EXPECT_THROW(chi_square_fit(std::vector<int64_t>{1, 1}, std::vector<double>{NAN, 1}), Error);
}

}  // namespace querist::metrics
