// Calibration errors on hand-made bins.
#include "metrics/calibration.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/rng.h"

namespace querist::metrics {

TEST(Calibration, WeighsEachBinsGapByItsRows) {
  // Four rows at 0.9 with three right: gap 0.15. One at 0.5, wrong: gap 0.5. Mean over five rows:
  // (0.6 + 0.5) / 5.
  const std::vector<double> confidences = {0.9, 0.9, 0.9, 0.9, 0.5};
  const std::vector<uint8_t> right = {1, 1, 1, 0, 0};
  EXPECT_NEAR(expected_calibration_error(confidences, right), 0.22, 1e-12);
  EXPECT_NEAR(adaptive_calibration_error(confidences, right, 1), std::abs(4.1 - 3) / 5, 1e-12);
  // Two bins of equal count: {0.5, 0.9} and {0.9, 0.9, 0.9}; stable order keeps the wrong 0.9 last.
  EXPECT_NEAR(adaptive_calibration_error(confidences, right, 2), (0.4 + 0.7) / 5, 1e-12);
}

TEST(Calibration, ListsTheBinsThatHaveRows) {
  const std::vector<double> confidences = {0.9, 0.92, 0.5, 1, 0};
  const std::vector<uint8_t> right = {1, 0, 1, 1, 0};
  const auto table = reliability_table(confidences, right, 10);
  ASSERT_EQ(table.size(), 4u);
  EXPECT_EQ(table[0].low, 0);
  EXPECT_EQ(table[0].count, 1);
  EXPECT_NEAR(table[1].high, 0.5, 1e-12);  // 0.5 belongs to (0.4, 0.5].
  EXPECT_NEAR(table[2].high, 0.9, 1e-12);
  EXPECT_EQ(table[3].count, 2);
  EXPECT_NEAR(table[3].confidence, 0.96, 1e-12);
  EXPECT_EQ(table[3].accuracy, 0.5);
  EXPECT_LT(table[3].ci_low, 0.5);
  EXPECT_GT(table[3].ci_high, 0.5);
}

TEST(Calibration, IsNearZeroForHonestConfidences) {
  Rng rng(1);
  std::vector<double> confidences;
  std::vector<uint8_t> right;
  for (int i = 0; i < 20'000; ++i) {
    confidences.push_back(rng.uniform());
    right.push_back(rng.uniform() < confidences.back());
  }
  // 15 bins of about 1,333 rows: a gap has a standard deviation of at most 0.014.
  EXPECT_LT(expected_calibration_error(confidences, right), 0.02);
  EXPECT_LT(adaptive_calibration_error(confidences, right), 0.02);
}

TEST(Calibration, RefusesWhatIsNoConfidence) {
  const std::vector<uint8_t> right = {1};
  EXPECT_THROW(expected_calibration_error(std::vector<double>{std::nan("")}, right), Error);
  EXPECT_THROW(expected_calibration_error(std::vector<double>{1.5}, right), Error);
  EXPECT_THROW(expected_calibration_error(std::vector<double>{0.5, 0.5}, right), Error);
  EXPECT_THROW(expected_calibration_error({}, {}), Error);
  EXPECT_THROW(adaptive_calibration_error(std::vector<double>{0.5}, right, 0), Error);
}

}  // namespace querist::metrics
