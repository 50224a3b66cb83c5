// Areas in closed form, the published normalisation, and labels saved on curves drawn by hand.
#include "metrics/learning_curve.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/error.h"

namespace querist::metrics {

using Values = std::vector<double>;

TEST(LearningCurve, AreaOfALineIsItsMiddle) {
  EXPECT_NEAR(aulc(Values{20, 40, 100}, Values{0.2, 0.4, 1.0}), 0.6, 1e-12);
  EXPECT_NEAR(aulc(Values{10}, Values{0.7}), 0.7, 1e-12);
  // Uneven steps: (20 * 0.45 + 40 * 0.6) / 60.
  EXPECT_NEAR(aulc(Values{20, 40, 80}, Values{0.4, 0.5, 0.7}), 33.0 / 60, 1e-12);
}

TEST(LearningCurve, LogAreaWeighsEarlyLabelsMore) {
  const Values labels = {1, 10, 100};
  const Values values = {0, 1, 1};
  EXPECT_NEAR(aulc_log(labels, values), 0.75, 1e-12);
  EXPECT_NEAR(aulc(labels, values), (4.5 + 90) / 99, 1e-12);
}

TEST(LearningCurve, PublishedNormalisationDividesByPoints) {
  // A constant curve has area 1; the published form gives (n - 1) / n.
  EXPECT_NEAR(aubc_trapz_over_n(Values(100, 1.0)), 0.99, 1e-12);
  EXPECT_NEAR(aubc_trapz_over_n(Values{0.5, 0.7, 0.9}), 1.4 / 3, 1e-12);
}

TEST(LearningCurve, SavesHalfTheLabelsWhenTwiceAsFast) {
  const Values slow = {20, 40, 60, 80};
  const Values fast = {10, 20, 30, 40};
  const Values values = {0.2, 0.5, 0.8, 0.9};
  EXPECT_NEAR(*labels_saved(fast, values, slow, values, 1), 0.5, 1e-12);
  EXPECT_NEAR(*labels_saved(slow, values, fast, values, 1), -1, 1e-12);
  EXPECT_NEAR(*labels_saved(slow, values, slow, values), 0, 1e-12);
}

TEST(LearningCurve, InterpolatesAndKnowsWhatIsNeverReached) {
  const Values labels = {10, 20};
  EXPECT_NEAR(*labels_to_reach(labels, Values{0.4, 0.8}, 0.5), 12.5, 1e-12);
  EXPECT_EQ(*labels_to_reach(labels, Values{0.4, 0.8}, 0.3), 10);
  EXPECT_FALSE(labels_to_reach(labels, Values{0.4, 0.8}, 0.81));
  EXPECT_FALSE(labels_saved(labels, Values{0.4, 0.5}, labels, Values{0.6, 0.6}));
  // The target is the mean of random's last three points: a flat end is reached by itself.
  const Values flat = {0.5, 0.7, 0.7, 0.7};
  EXPECT_NEAR(*labels_saved(Values{10, 20, 30, 40}, flat, Values{10, 20, 30, 40}, flat), 0, 1e-9);
}

TEST(LearningCurve, RefusesWhatIsNoCurve) {
  EXPECT_THROW(aulc({}, {}), Error);
  EXPECT_THROW(aulc(Values{1, 2}, Values{1}), Error);
  EXPECT_THROW(aulc(Values{2, 2}, Values{1, 1}), Error);
  EXPECT_THROW(aulc_log(Values{0, 2}, Values{1, 1}), Error);
  EXPECT_THROW(aulc(Values{1, 2}, Values{1, std::nan("")}), Error);
}

}  // namespace querist::metrics
