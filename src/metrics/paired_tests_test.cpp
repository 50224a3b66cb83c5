// Tests of differences: brute force, closed forms and error rates.
#include "metrics/paired_tests.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/error.h"
#include "base/rng.h"
#include "metrics/agreement.h"
#include "metrics/classification.h"

namespace querist::metrics {

TEST(PairedTests, WilcoxonOfOneSidedDifferencesIsTheAllPlusPattern) {
  // All n positive: 2 of 2^n sign patterns are as extreme.
  EXPECT_NEAR(wilcoxon_signed_rank(std::vector<double>{1, 2, 3, 4, 5}).p_value, 2.0 / 32, 1e-12);
  EXPECT_EQ(wilcoxon_signed_rank(std::vector<double>{0, 0}).p_value, 1);
  EXPECT_EQ(wilcoxon_signed_rank({}).p_value, 1);
  EXPECT_EQ(wilcoxon_signed_rank(std::vector<double>{1, -1}).p_value, 1);
  EXPECT_THROW(wilcoxon_signed_rank(std::vector<double>{std::nan("")}), Error);
}

TEST(PairedTests, WilcoxonTakesRoundedTiesForTies) {
  // Three tenths, and what a tenth and two add up to, are told apart by their last bits alone.
  // Ranks 2, 2, 2 and 4 with one minus among the ties: four of 16 sign patterns have a sum of 2 or
  // less, both ways.
  const double tenths = 0.3, added = 0.1 + 0.2;
  ASSERT_NE(tenths, added);
  const std::vector<double> differences = {tenths, added, -tenths, 0.9, tenths - added};
  EXPECT_DOUBLE_EQ(wilcoxon_signed_rank(differences, 1e-12).p_value, 2 * 4.0 / 16);
  EXPECT_DOUBLE_EQ(wilcoxon_signed_rank(differences, 1e-12).statistic, 2);
  EXPECT_DOUBLE_EQ(wilcoxon_signed_rank(std::vector{1e-13, -1e-13}, 1e-12).p_value, 1);
  EXPECT_DOUBLE_EQ(wilcoxon_signed_rank(differences).statistic, 1 + 2.5);  // Of its last bits.
}

TEST(PairedTests, SignFlipCountsThePatternsAsExtreme) {
  EXPECT_NEAR(sign_flip_test(std::vector<double>{1, 1, 1, 1}, 0).p_value, 2.0 / 16, 1e-12);
  EXPECT_EQ(sign_flip_test(std::vector<double>{0, 0}, 0).p_value, 1);
  EXPECT_THROW(sign_flip_test({}, 0), Error);
}

TEST(PairedTests, SampledSignFlipsAgreeWithCountedOnes) {
  Rng rng(2);
  std::vector<double> differences(16);
  for (double& value : differences) value = rng.normal() + 0.45;
  const double exact = sign_flip_test(differences, 0).p_value;
  differences.push_back(0);  // A zero changes no sum, but 17 differences are sampled.
  const double sampled = sign_flip_test(differences, 5, 20'000).p_value;
  EXPECT_GT(exact, 0.005);
  EXPECT_NEAR(sampled, exact, 4 * std::sqrt(exact / 20'000) + 1e-4);
  EXPECT_EQ(sign_flip_test(differences, 5, 20'000).p_value, sampled);
}

TEST(PairedTests, RejectNoTrueNullTooOften) {
  Rng rng(3);
  int wilcoxon = 0;
  int flips = 0;
  for (int round = 0; round < 1000; ++round) {
    std::vector<double> differences(10);
    for (double& value : differences) value = rng.normal();
    wilcoxon += wilcoxon_signed_rank(differences).p_value <= 0.05;
    flips += sign_flip_test(differences, 0).p_value <= 0.05;
  }
  EXPECT_LE(wilcoxon, 78);  // 50 + 4 standard deviations.
  EXPECT_LE(flips, 78);
  EXPECT_GE(flips, 25);
}

TEST(PairedTests, McNemarReadsTheRowsOnWhichModelsDiffer) {
  const std::vector<uint8_t> first = {1, 1, 1, 1, 1, 1, 0, 1, 0};
  const std::vector<uint8_t> second = {0, 0, 0, 0, 0, 1, 1, 1, 0};
  // Five against one: 2 * (C(6,0) + C(6,1)) / 64.
  EXPECT_NEAR(mcnemar_exact(first, second).p_value, 14.0 / 64, 1e-12);
  EXPECT_THROW(mcnemar_exact(first, std::vector<uint8_t>{1}), Error);
  EXPECT_THROW(mcnemar_exact(-1, 1), Error);
}

TEST(Agreement, KappaIsOneForTheSameAndZeroForChance) {
  const std::vector<int32_t> a = {0, 0, 1, 1};
  EXPECT_EQ(cohen_kappa(a, a), 1);
  EXPECT_NEAR(cohen_kappa(a, std::vector<int32_t>{0, 1, 0, 1}), 0, 1e-12);
  EXPECT_NEAR(cohen_kappa(a, std::vector<int32_t>{1, 1, 0, 0}), -1, 1e-12);
  EXPECT_EQ(cohen_kappa(std::vector<int32_t>{2, 2}, std::vector<int32_t>{2, 2}), 1);
  EXPECT_THROW(cohen_kappa({}, {}), Error);
}

TEST(Classification, LeavesClassesWithoutLabelsOutOfTheBalance) {
  const std::vector<int32_t> labels = {0, 0, 0, 2};
  const std::vector<int32_t> predicted = {0, 0, 1, 2};
  EXPECT_NEAR(balanced_accuracy(labels, predicted, 4), (2.0 / 3 + 1) / 2, 1e-12);
  EXPECT_THROW(balanced_accuracy(labels, predicted, 2), Error);
  EXPECT_THROW(accuracy({}, {}), Error);
  EXPECT_THROW(confusion_matrix(labels, std::vector<int32_t>{0, 0, 0, -1}, 3), Error);
}

TEST(Classification, ClipsALossThatWouldBeInfinite) {
  Matrix p(1, 2);
  p.values = {1, 0};
  const std::vector<int32_t> wrong = {1};
  EXPECT_NEAR(log_loss(wrong, p), -std::log(1e-15), 1e-9);
  EXPECT_NEAR(brier_score(wrong, p), 2, 1e-12);
}

TEST(PairedTests, TheEValueOfMcnemarIsTheMeanOfAllStakes) {
  EXPECT_NEAR(mcnemar_e_value(0, 0), 1, 1e-12);
  for (int64_t n = 1; n < 40; ++n) {  // Wins alone: the integral of (1 + s)^n.
    const double wealth = (std::exp2(static_cast<double>(n + 1)) - 1) / static_cast<double>(n + 1);
    EXPECT_NEAR(mcnemar_e_value(n, 0) / wealth, 1, 1e-10) << n;
  }
  const auto by_sum = [](int64_t a, int64_t b) {  // Midpoints; the error falls as their square.
    double sum = 0;
    for (int i = 0; i < 20'000; ++i) {
      const double s = (i + 0.5) / 20'000;
      sum += std::pow(1 + s, a) * std::pow(1 - s, b) / 20'000;
    }
    return sum;
  };
  for (const auto& [a, b] : {std::pair{3, 2}, {10, 14}, {60, 40}, {1, 30}, {0, 9}})
    EXPECT_NEAR(mcnemar_e_value(a, b) / by_sum(a, b), 1, 1e-6) << a << " and " << b;
  EXPECT_THROW(mcnemar_e_value(-1, 0), Error);
}

// Two models that are equally often right, looked at after every row: 20 is reached in less than
// one sequence of twenty. 4,000 sequences stray by 0.35 of 100, one standard deviation.
TEST(PairedTests, TheEValueRarelyReachesTwentyWhereNothingIsToBeFound) {
  Rng rng(4);
  int reached = 0;
  for (int sequence = 0; sequence < 4'000; ++sequence) {
    int64_t first = 0, second = 0;
    bool any = false;
    for (int row = 0; row < 300; ++row) {
      (rng.uniform() < 0.5 ? first : second) += 1;
      any = any || mcnemar_e_value(first, second) >= 20;
    }
    reached += any;
  }
  EXPECT_LE(reached, 200);
  EXPECT_GE(reached, 40) << "a test that never fires would have no power";
}

}  // namespace querist::metrics
