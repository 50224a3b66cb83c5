// Metrics against numbers worked out by hand.
#include "loop/evaluate.h"

#include <gtest/gtest.h>

#include <cmath>

namespace querist::loop {

static Matrix matrix(const std::vector<std::vector<float>>& rows) {
  Matrix made(rows.size(), rows[0].size());
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t c = 0; c < rows[i].size(); ++c) made.at(i, c) = rows[i][c];
  }
  return made;
}

TEST(Evaluation, AgreesWithATableWorkedOutByHand) {
  const std::vector<int32_t> labels = {0, 0, 0, 1, 1};
  const Matrix probabilities = matrix({{0.95F, 0.03F, 0.02F},
                                       {0.95F, 0.03F, 0.02F},
                                       {0.30F, 0.65F, 0.05F},
                                       {0.30F, 0.65F, 0.05F},
                                       {0.65F, 0.30F, 0.05F}});
  const Json json = evaluation_json(labels, probabilities, {"a", "b", "c"});
  EXPECT_EQ(json["audit_labels"], 5);
  EXPECT_NEAR(json["accuracy"]["value"].get<double>(), 0.6, 1e-12);
  EXPECT_NEAR(json["accuracy"]["ci_low"].get<double>(), 0.230724, 1e-5);  // Wilson, 3 of 5.
  EXPECT_NEAR(json["accuracy"]["ci_high"].get<double>(), 0.882379, 1e-5);
  EXPECT_NEAR(json["balanced_accuracy"]["value"].get<double>(), (2.0 / 3 + 0.5) / 2, 1e-12);
  // Probabilities are floats, hence seven digits.
  const double loss = -(2 * std::log(0.95) + 2 * std::log(0.30) + std::log(0.65)) / 5;
  EXPECT_NEAR(json["log_loss"].get<double>(), loss, 1e-6);
  EXPECT_EQ(json["confusion"], (Json{{2, 1, 0}, {1, 1, 0}, {0, 0, 0}}));
  // |1 - 0.95| for two rows, |1/3 - 0.65| for three.
  EXPECT_NEAR(json["ece"]["value"].get<double>(), (2 * 0.05 + 3 * (0.65 - 1.0 / 3)) / 5, 1e-6);
}

TEST(Evaluation, CountsEachClassAndLeavesOutWhatIsNotKnown) {
  const std::vector<int32_t> labels = {0, 0, 0, 1, 1};
  const Matrix probabilities = matrix({{0.8F, 0.1F, 0.1F},
                                       {0.8F, 0.1F, 0.1F},
                                       {0.1F, 0.8F, 0.1F},
                                       {0.1F, 0.8F, 0.1F},
                                       {0.8F, 0.1F, 0.1F}});
  const Json rows = evaluation_json(labels, probabilities, {"a", "b", "c"})["per_class"];
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0]["class"], "a");
  EXPECT_EQ(rows[0]["support"], 3);
  EXPECT_NEAR(rows[0]["recall"]["value"].get<double>(), 2.0 / 3, 1e-12);
  EXPECT_NEAR(rows[0]["precision"]["value"].get<double>(), 2.0 / 3, 1e-12);
  EXPECT_NEAR(rows[1]["recall"]["value"].get<double>(), 0.5, 1e-12);
  EXPECT_NEAR(rows[1]["precision"]["value"].get<double>(), 0.5, 1e-12);
  EXPECT_EQ(rows[2]["support"], 0);
  EXPECT_TRUE(rows[2]["recall"].is_null());
  EXPECT_TRUE(rows[2]["precision"].is_null());
}

TEST(Evaluation, SortsConfidencesIntoBins) {
  const std::vector<int32_t> labels = {0, 0, 1, 1};
  const Matrix probabilities =
      matrix({{0.95F, 0.05F}, {0.97F, 0.03F}, {0.65F, 0.35F}, {0.35F, 0.65F}});
  const Json bins = evaluation_json(labels, probabilities, {"a", "b"})["reliability"];
  ASSERT_EQ(bins.size(), 2u);
  EXPECT_NEAR(bins[0]["low"].get<double>(), 0.6, 1e-12);
  EXPECT_EQ(bins[0]["count"], 2);
  EXPECT_NEAR(bins[0]["confidence"].get<double>(), 0.65, 1e-6);
  EXPECT_NEAR(bins[0]["accuracy"].get<double>(), 0.5, 1e-12);
  EXPECT_NEAR(bins[1]["high"].get<double>(), 1, 1e-12);
  EXPECT_NEAR(bins[1]["confidence"].get<double>(), 0.96, 1e-6);
  EXPECT_EQ(bins[1]["accuracy"], 1.0);
}

}  // namespace querist::loop
