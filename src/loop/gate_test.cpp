// The gate against closed forms, and against every way in which groups can change sides.
#include "loop/gate.h"

#include <gtest/gtest.h>

#include <cmath>

namespace querist::loop {

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
  const Gate gate =
      paired_gate(labels, right_on_the_first(40, 40), right_on_the_first(40, 30), {}, 1);
  EXPECT_TRUE(gate.passed);
  EXPECT_NEAR(gate.difference, 0.25, 1e-12);
  EXPECT_NEAR(gate.p_value, 2 * std::pow(0.5, 10), 1e-12);  // Ten to none.
  EXPECT_GT(gate.ci_low, 0);
  EXPECT_LT(gate.ci_high, 0.5);
  EXPECT_NE(gate.sentence.find("right on 10"), std::string::npos);
  const Json json = gate_json(gate, 3);
  EXPECT_EQ(json["against"], 3);
  EXPECT_EQ(json["passed"], true);
  EXPECT_EQ(json["test"], "mcnemar_exact");
  EXPECT_EQ(json["audit_labels"], 40);
}

TEST(Gate, KeepsOutWhoIsRightLessOften) {
  const std::vector<int32_t> labels(40, 0);
  const Gate gate =
      paired_gate(labels, right_on_the_first(40, 30), right_on_the_first(40, 31), {}, 1);
  EXPECT_FALSE(gate.passed);
  EXPECT_NEAR(gate.difference, -1.0 / 40, 1e-12);
  EXPECT_EQ(gate.p_value, 1);
  EXPECT_NE(gate.sentence.find("not passed"), std::string::npos);
}

TEST(Gate, PassesAnEqual) {
  const std::vector<int32_t> labels(30, 0);
  const Gate gate =
      paired_gate(labels, right_on_the_first(30, 20), right_on_the_first(30, 20), {}, 1);
  EXPECT_TRUE(gate.passed);
  EXPECT_EQ(gate.difference, 0);
  EXPECT_EQ(gate.p_value, 1);
}

TEST(Gate, TestsNothingOnTooFewLabels) {
  const std::vector<int32_t> labels(gate_minimum - 1, 0);
  const Gate gate = paired_gate(labels, right_on_the_first(gate_minimum - 1, 0),
                                right_on_the_first(gate_minimum - 1, gate_minimum - 1), {}, 1);
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
  const Gate gate = paired_gate(labels, challenger, right_on_the_first(32, 16), {}, 1);
  EXPECT_TRUE(gate.passed);
  EXPECT_EQ(gate.difference, 1);
}

// Eight rows a group, and the challenger is right where the champion is wrong on two whole groups
// of twelve: as independent rows sixteen to none, as groups two to none.
TEST(Gate, CountsWholeGroupsWhereRowsShareThem) {
  const std::vector<int32_t> labels(96, 0);
  std::vector<int32_t> groups;
  for (int32_t i = 0; i < 96; ++i) groups.push_back(i / 8);
  const Matrix challenger = right_on_the_first(96, 96), champion = right_on_the_first(96, 80);
  const Gate rows = paired_gate(labels, challenger, champion, {}, 1);
  const Gate whole = paired_gate(labels, challenger, champion, groups, 1);
  EXPECT_NEAR(rows.p_value, 2 * std::pow(0.5, 16), 1e-12);
  EXPECT_EQ(whole.test, "sign_flip_groups");
  EXPECT_EQ(whole.p_value, 0.5) << "two of the four patterns of signs are as far from none";
  EXPECT_EQ(whole.difference, rows.difference);
  EXPECT_GT(whole.ci_high - whole.ci_low, 1.5 * (rows.ci_high - rows.ci_low));
  EXPECT_NE(whole.sentence.find("groups"), std::string::npos);
}

TEST(Gate, SaysNothingOfModelsThatAgreeInEveryGroup) {
  const std::vector<int32_t> labels(60, 0);
  std::vector<int32_t> groups;
  for (int32_t i = 0; i < 60; ++i) groups.push_back(i / 4);
  const Gate gate =
      paired_gate(labels, right_on_the_first(60, 50), right_on_the_first(60, 50), groups, 1);
  EXPECT_EQ(gate.p_value, 1);
  EXPECT_EQ(gate.ci_low, 0);
  EXPECT_EQ(gate.ci_high, 0);
  EXPECT_TRUE(gate.passed);
}

}  // namespace querist::loop
