// Self-training: naive thresholds against classes in balance.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "pseudo_labelers/centroid_trainer.h"
#include "pseudo_labelers/pseudo_labeler.h"

namespace querist::pseudo_labelers {

// One column; two classes labelled at -1 and 1, the others spread from -0.8 to 1.4.
struct Line {
  Matrix x{14, 1};
  std::vector<int64_t> labeled = {0, 1}, unlabeled;
  std::vector<int32_t> labels = {0, 1};

  Line() {
    x.at(0, 0) = -1;
    x.at(1, 0) = 1;
    for (int64_t i = 2; i < 14; ++i) {
      x.at(static_cast<size_t>(i), 0) = -1.0f + 0.2f * static_cast<float>(i - 1);
      unlabeled.push_back(i);
    }
  }
  PartlyLabeled data() const { return {x, x, {}, labeled, labels, unlabeled, 2}; }
};

TEST(SelfTraining, TakesAllThatIsAboveTheThresholdWithTheWeightOfAGivenLabel) {
  const Line line;
  const auto& card = find("self_training");
  Params params(card.params);
  params.set("threshold", 0.9);
  params.set("rounds", 1);
  const auto found = label(card, line.data(), params, train_centroids, 0, Progress());
  // By hand: the means lie at -1 and 1, so p of the likelier class is 1 / (1 + exp(-4 |x|)), which
  // is at least 0.9 from |x| = ln(9) / 4 = 0.55 on.
  std::vector<int64_t> expected;
  for (const int64_t row : line.unlabeled) {
    if (std::abs(line.x.at(static_cast<size_t>(row), 0)) >= 0.55f) expected.push_back(row);
  }
  EXPECT_EQ(found.rows, expected);
  EXPECT_EQ(std::ranges::count(found.labels, 0), 2) << "-0.8 and -0.6: nothing is balanced";
  EXPECT_EQ(found.labels.size(), 7u);
  for (const float weight : found.weights) EXPECT_EQ(weight, 1);
}

TEST(SelfTraining, TakesNothingWhereTheModelIsNowhereSure) {
  const Line line;
  const auto& card = find("self_training");
  Params params(card.params);
  params.set("threshold", 1.0);
  EXPECT_TRUE(label(card, line.data(), params, train_centroids, 0, Progress()).rows.empty());
}

}  // namespace querist::pseudo_labelers
