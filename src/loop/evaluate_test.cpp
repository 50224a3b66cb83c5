// Metrics and the gate against numbers worked out by hand.
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

// A model of two classes that is right on the first `right` of n rows, all of class 0.
static Matrix right_on_the_first(size_t n, size_t right) {
  Matrix made(n, 2);
  for (size_t i = 0; i < n; ++i) {
    made.at(i, 0) = i < right ? 0.9F : 0.1F;
    made.at(i, 1) = 1 - made.at(i, 0);
  }
  return made;
}

TEST(Gate, PassesWhoIsRightMoreOftenOnTheSameExamples) {
  const std::vector<int32_t> labels(40, 0);
  const Gate gate = paired_gate(labels, right_on_the_first(40, 40), right_on_the_first(40, 30), 1);
  EXPECT_TRUE(gate.passed);
  EXPECT_NEAR(gate.difference, 0.25, 1e-12);
  EXPECT_NEAR(gate.p_value, 2 * std::pow(0.5, 10), 1e-12);  // Ten to none.
  EXPECT_GT(gate.ci_low, 0);
  EXPECT_LT(gate.ci_high, 0.5);
  EXPECT_NE(gate.sentence.find("right on 10"), std::string::npos);
  const Json json = gate_json(gate, 3);
  EXPECT_EQ(json["against"], 3);
  EXPECT_EQ(json["passed"], true);
  EXPECT_EQ(json["audit_labels"], 40);
}

TEST(Gate, KeepsOutWhoIsRightLessOften) {
  const std::vector<int32_t> labels(40, 0);
  const Gate gate = paired_gate(labels, right_on_the_first(40, 30), right_on_the_first(40, 31), 1);
  EXPECT_FALSE(gate.passed);
  EXPECT_NEAR(gate.difference, -1.0 / 40, 1e-12);
  EXPECT_EQ(gate.p_value, 1);
  EXPECT_NE(gate.sentence.find("not passed"), std::string::npos);
}

TEST(Gate, PassesAnEqual) {
  const std::vector<int32_t> labels(30, 0);
  const Gate gate = paired_gate(labels, right_on_the_first(30, 20), right_on_the_first(30, 20), 1);
  EXPECT_TRUE(gate.passed);
  EXPECT_EQ(gate.difference, 0);
  EXPECT_EQ(gate.p_value, 1);
}

TEST(Gate, TestsNothingOnTooFewLabels) {
  const std::vector<int32_t> labels(gate_minimum - 1, 0);
  const Gate gate = paired_gate(labels, right_on_the_first(gate_minimum - 1, 0),
                                right_on_the_first(gate_minimum - 1, gate_minimum - 1), 1);
  EXPECT_TRUE(gate.passed);
  EXPECT_NE(gate.sentence.find("without a test"), std::string::npos);
  const Json json = gate_json(gate, 1);
  EXPECT_TRUE(json["difference"].is_null());
  EXPECT_TRUE(json["p_value"].is_null());
  EXPECT_EQ(json["audit_labels"], gate_minimum - 1);
}

TEST(Gate, ComparesAModelThatKnowsOneClassMore) {
  const std::vector<int32_t> labels(32, 2);
  Matrix challenger(32, 3);
  for (size_t i = 0; i < 32; ++i) challenger.at(i, 2) = 1;
  const Gate gate = paired_gate(labels, challenger, right_on_the_first(32, 16), 1);
  EXPECT_TRUE(gate.passed);
  EXPECT_EQ(gate.difference, 1);
}

}  // namespace querist::loop
