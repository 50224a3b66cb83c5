// Simulated annotators against counts, and what their errors do to a simulation.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/rng.h"
#include "loop/simulate.h"

namespace querist::loop {

static double share_right(const CrowdPlan& plan, const std::vector<int32_t>& labels,
                          const Matrix& probabilities) {
  const auto answers = crowd_answers(plan, labels, 3, probabilities, 11);
  double right = 0;
  for (size_t i = 0; i < labels.size(); ++i) right += answers[i] == labels[i];
  return right / static_cast<double>(labels.size());
}

TEST(Crowd, IsRightAsOftenAsItsModelSays) {
  std::vector<int32_t> labels(6000);
  Matrix p(labels.size(), 3);
  for (size_t i = 0; i < labels.size(); ++i) {
    labels[i] = static_cast<int32_t>(i % 3);
    const float sure = static_cast<float>(i) / static_cast<float>(labels.size());
    for (size_t c = 0; c < 3; ++c) p.at(i, c) = (1 - sure) / 3;
    p.at(i, i % 3) += sure;
  }
  // Four standard deviations of a share of 6,000 are 0.026 at most.
  CrowdPlan plan{.annotators = 9, .votes = 1, .accuracy = {0.8}};
  EXPECT_NEAR(share_right(plan, labels, p), 0.8, 0.026);
  plan.errors = "difficulty";
  EXPECT_NEAR(share_right(plan, labels, p), 0.8, 0.026);
  plan.errors = "uniform";
  plan.votes = 3;
  // Three of which two or more are right, or all differ (both wrong classes) and the first is.
  EXPECT_NEAR(share_right(plan, labels, p), 0.896 + 0.8 * 0.2 * 0.2 / 2, 0.026);
  plan.votes = 1;
  plan.spammers = 1;
  EXPECT_NEAR(share_right(plan, labels, p), 1.0 / 3, 0.026);
  plan.spammers = 0;
  plan.accuracy = {1.0, 0.4};  // Five of nine are the first.
  EXPECT_NEAR(share_right(plan, labels, p), (5 * 1.0 + 4 * 0.4) / 9, 0.026);
  plan.accuracy = {1.0};
  EXPECT_EQ(share_right(plan, labels, p), 1);
  EXPECT_EQ(crowd_answers(plan, labels, 3, p, 1), crowd_answers(plan, labels, 3, p, 1));
}

TEST(Crowd, ErrsNearTheBoundaryWhereErrorsFollowDifficulty) {
  // The model takes half of these rows for the last class, as sure of that as of the others: errors
  // come where it is unsure, not where it misses the label.
  const std::vector<int32_t> labels(4000, 0);
  Matrix p(labels.size(), 3);
  for (size_t i = 0; i < labels.size(); ++i) {
    p.at(i, 0) = 0.01f + 0.97f * static_cast<float>(i) / 4000;
    p.at(i, 1) = 0.01f;
    p.at(i, 2) = 0.99f - p.at(i, 0);
  }
  for (const double accuracy : {0.9, 0.7, 0.5, 0.2}) {
    const auto answers = crowd_answers(
        {.annotators = 1, .accuracy = {accuracy}, .errors = "difficulty"}, labels, 3, p, 4);
    EXPECT_EQ(std::count(answers.begin(), answers.end(), 1), 0);  // Never the least likely class.
    const auto wrong = [&](long begin, long end) {
      return static_cast<double>(std::count(answers.begin() + begin, answers.begin() + end, 2)) /
             static_cast<double>(end - begin);
    };
    // The rate that was asked for, also above a half, where the nearest are wrong for certain; four
    // deviations of a share of 4,000 are 0.032, of 2,000 0.045.
    EXPECT_NEAR(wrong(0, 4000), 1 - accuracy, 0.032);
    EXPECT_NEAR(wrong(0, 2000), wrong(2000, 4000), 0.064) << "missed rows are no harder";
    // Chances grow evenly to the boundary: the near half has a mean difficulty of 3/4.
    const double near = accuracy >= 0.5 ? 1.5 * (1 - accuracy) : 1 - 0.5 * accuracy;
    EXPECT_NEAR(wrong(1000, 3000), near, 0.045);
  }
}

TEST(Crowd, HasNoOrderAmongRowsOfOneMargin) {
  const std::vector<int32_t> labels(4000, 0);
  Matrix p(labels.size(), 3);
  for (size_t i = 0; i < labels.size(); ++i) p.at(i, 0) = p.at(i, 2) = 0.5f;
  const auto answers =
      crowd_answers({.annotators = 1, .accuracy = {0.7}, .errors = "difficulty"}, labels, 3, p, 4);
  for (const long begin : {0, 2000}) {
    const auto wrong = std::count(answers.begin() + begin, answers.begin() + begin + 2000, 2);
    EXPECT_NEAR(static_cast<double>(wrong) / 2000, 0.3, 0.041);  // Four deviations.
  }
}

TEST(Crowd, KeepsItsLikingsUnderConfusionAndRefusesWhatCannotBe) {
  std::vector<int32_t> labels(9000);
  for (size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<int32_t>(i % 3);
  const auto answers = crowd_answers({.annotators = 1, .accuracy = {0.5}, .errors = "confusion"},
                                     labels, 3, Matrix(), 5);
  for (int32_t label = 0; label < 3; ++label) {
    std::vector<double> counts(3);
    for (size_t i = 0; i < labels.size(); ++i) {
      if (labels[i] == label) ++counts[static_cast<size_t>(answers[i])];
    }
    EXPECT_NEAR(counts[static_cast<size_t>(label)] / 3000, 0.5, 0.15 + 0.037);
  }
  EXPECT_THROW(check_crowd({.annotators = 2, .votes = 3}), Error);
  EXPECT_THROW(check_crowd({.annotators = 2, .accuracy = {1.5}}), Error);
  EXPECT_THROW(check_crowd({.annotators = 2, .accuracy = {}}), Error);
}

// Two overlapping clouds: a fifth of the rows lie on the wrong side of the best line.
static Table overlapping_table() {
  Table table;
  table.payload = PayloadKind::embedding;
  table.classes = {"left", "right"};
  Rng rng(3);
  for (int i = 0; i < 600; ++i) {
    const double shift = i % 2 ? 0.8 : -0.8;
    Payload payload;
    payload.embedding = {static_cast<float>(shift + rng.normal()),
                         static_cast<float>(rng.normal())};
    table.payloads.push_back(payload);
    table.labels.push_back(i % 2);
    table.source_rows.push_back(i);
  }
  return table;
}

TEST(Simulate, LearnsLessFromWorseAnnotatorsWhateverTheirErrors) {
  for (const char* errors : {"uniform", "difficulty"}) {
    SimulationPlan plan;
    plan.strategies = {"random"};
    plan.learner = "logistic_regression(strength=1)";
    plan.initial = 20;
    plan.batch_size = 40;
    plan.budget = 300;
    plan.test_fraction = 0.4;
    plan.seeds = 6;
    std::vector<double> areas;
    for (const double accuracy : {1.0, 0.75, 0.55, 0.4}) {
      plan.crowd = {.annotators = 3, .votes = 1, .accuracy = {accuracy}, .errors = errors};
      const Json result = simulation_json(simulate(overlapping_table(), plan, {}), "accuracy");
      areas.push_back(result["summary"][0]["aulc_mean"]);
    }
    for (size_t i = 1; i < areas.size(); ++i)
      EXPECT_LT(areas[i], areas[i - 1]) << errors << " " << i;
  }
}

}  // namespace querist::loop
