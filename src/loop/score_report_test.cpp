// Scores against scikit-learn, and intervals that claim no more than the rows can tell.
#include "loop/score_report.h"

#include <gtest/gtest.h>

#include <cmath>

#include "loop/audit_sequence.h"
#include "loop/estimate_json.h"
#include "metrics/classification.h"

namespace querist::loop {

// Rows rounded to two digits, so that scikit-learn and we read the same ties.
static const std::vector<int32_t> labels = {2, 0, 0, 0, 0, 2, 2, 1, 0, 0, 0, 1,
                                            1, 1, 0, 0, 2, 2, 0, 0, 1, 1, 2, 1};
static Matrix probabilities() {
  static const float rows[24][3] = {
      {.1F, .5F, .4F},    {.55F, .18F, .27F}, {.7F, .3F, .0F},    {.5F, .2F, .3F},
      {.45F, .27F, .28F}, {.2F, .0F, .8F},    {.4F, .0F, .6F},    {.6F, .2F, .2F},
      {.2F, .3F, .5F},    {.4F, .3F, .3F},    {.4F, .5F, .1F},    {.22F, .78F, .0F},
      {.5F, .4F, .1F},    {.0F, 1.F, .0F},    {.5F, .1F, .4F},    {.4F, .6F, .0F},
      {.1F, .6F, .3F},    {.5F, .2F, .3F},    {.8F, .0F, .2F},    {.8F, .1F, .1F},
      {.11F, .56F, .33F}, {.22F, .67F, .11F}, {.36F, .18F, .46F}, {.56F, .22F, .22F}};
  Matrix made(24, 3);
  for (size_t i = 0; i < 24; ++i) {
    for (size_t c = 0; c < 3; ++c) made.at(i, c) = rows[i][c];
  }
  return made;
}

TEST(Scores, AgreeWithScikitLearn) {
  // scikit-learn 1.9.1: precision_score, recall_score, f1_score, matthews_corrcoef,
  // cohen_kappa_score, log_loss, roc_auc_score(multi_class="ovr"), the mean of
  // average_precision_score over the classes; Brier's score by NumPy. Probabilities are floats
  // here, hence seven digits.
  const Matrix p = probabilities();
  const Json scores = scores_json(labels, metrics::likeliest(p), p, 1);
  const std::pair<const char*, double> expected[] = {{"f1_micro", 0.625},
                                                     {"precision_macro", 0.6388888888888888},
                                                     {"recall_macro", 0.5995670995670995},
                                                     {"precision_weighted", 0.6388888888888888},
                                                     {"recall_weighted", 0.625},
                                                     {"f1_macro", 0.6096618357487923},
                                                     {"f1_weighted", 0.6243961352657005},
                                                     {"matthews_correlation", 0.4100997661323622},
                                                     {"cohen_kappa", 0.4065934065934066},
                                                     {"log_loss", 0.7519691381628674},
                                                     {"brier_score", 0.4611},
                                                     {"roc_auc", 0.8239127430303901},
                                                     {"average_precision", 0.7355263041855861}};
  for (const auto& [name, value] : expected) {
    const Json& score = scores[name];
    EXPECT_NEAR(score["value"].get<double>(), value, 1e-6) << name;
    EXPECT_LT(score["ci_low"].get<double>(), value) << name;
    EXPECT_GT(score["ci_high"].get<double>(), value) << name;
  }
  EXPECT_EQ(scores.size(), 16u);
  EXPECT_EQ(scores, scores_json(labels, metrics::likeliest(p), p, 1));
}

// Twice the rows in pairs tell no more than once: as wide as before, not by the root of 2 narrower.
TEST(Scores, CountGroupsOfRowsAsOneEach) {
  std::vector<int32_t> twice, groups;
  Matrix p(48, 3);
  for (size_t i = 0; i < 48; ++i) {
    twice.push_back(labels[i / 2]);
    groups.push_back(static_cast<int32_t>(i / 2));
    for (size_t c = 0; c < 3; ++c) p.at(i, c) = probabilities().at(i / 2, c);
  }
  const auto width = [](const Json& scores, const char* name) {
    return scores[name]["ci_high"].get<double>() - scores[name]["ci_low"].get<double>();
  };
  const Matrix once_p = probabilities();
  const Json once = scores_json(labels, metrics::likeliest(once_p), once_p, 1);
  const Json alone = scores_json(twice, metrics::likeliest(p), p, 1);
  const Json grouped = scores_json(twice, metrics::likeliest(p), p, 1, groups);
  EXPECT_EQ(grouped["f1_micro"]["method"], "cluster_wilson");
  EXPECT_EQ(grouped["log_loss"]["method"], "cluster_bca");
  for (const char* name : {"f1_micro", "f1_macro", "log_loss", "roc_auc"}) {
    EXPECT_NEAR(width(grouped, name), width(once, name), 0.12 * width(once, name)) << name;
    EXPECT_LT(width(alone, name), 0.8 * width(grouped, name)) << name;
  }
}

TEST(Scores, OfTwoClassesRankTheSecond) {
  const std::vector<int32_t> two = {0, 0, 1, 1};
  Matrix p(4, 2);
  const float second[] = {.1F, .4F, .35F, .8F};  // scikit-learn's own example: AUC 0.75, AP 0.8333.
  for (size_t i = 0; i < 4; ++i) p.at(i, 0) = 1 - (p.at(i, 1) = second[i]);
  const Json scores = scores_json(two, metrics::likeliest(p), p, 1);
  EXPECT_NEAR(scores["roc_auc"]["value"].get<double>(), 0.75, 1e-12);
  EXPECT_NEAR(scores["average_precision"]["value"].get<double>(), 5. / 6, 1e-12);
  EXPECT_NEAR(scores["brier_score"]["value"].get<double>(), 0.158125, 1e-7);  // brier_score_loss.
}

TEST(Scores, ClaimNothingThatTheRowsDoNotTell) {
  const std::vector<int32_t> same(10, 0);
  Matrix p(10, 2);
  for (size_t i = 0; i < 10; ++i) p.at(i, 0) = 1;
  const Json scores = scores_json(same, metrics::likeliest(p), p, 1);
  EXPECT_TRUE(scores["roc_auc"].is_null());  // Nothing to rank against.
  EXPECT_EQ(scores["f1_macro"]["value"], 1.0);
  EXPECT_TRUE(scores["f1_macro"]["ci_low"].is_null());  // Ten right answers prove no perfection.
  EXPECT_LT(scores["f1_micro"]["ci_low"].get<double>(), 0.8);  // Wilson's, 10 of 10.
  const Json one = scores_json(std::vector<int32_t>{1}, std::vector<int32_t>{0}, Matrix(1, 2), 1);
  EXPECT_TRUE(one["log_loss"]["ci_low"].is_null());
}

TEST(ConfidenceSequence, IsWiderThanOneLookAndNarrowsWithLabels) {
  const std::vector<double> right(200, 1);
  const Json few = confidence_sequence_json(std::span(right).first(20));
  const Json many = confidence_sequence_json(right);
  EXPECT_EQ(few["value"], 1.0);
  EXPECT_LT(few["low"].get<double>(), share_json(20, 20)["ci_low"].get<double>());
  EXPECT_LT(many["low"].get<double>(), share_json(200, 200)["ci_low"].get<double>());
  EXPECT_GT(many["low"].get<double>(), few["low"].get<double>());
}

// Half of the first 80 rows, then all: the value is the share of all of them, and lies within.
TEST(ConfidenceSequence, HoldsItsOwnValueWhereThePoolGrowsEasier) {
  std::vector<double> right(200, 1);
  for (size_t i = 0; i < 80; i += 2) right[i] = 0;
  const Json sequence = confidence_sequence_json(right);
  EXPECT_EQ(sequence["value"], 0.8);
  EXPECT_LT(sequence["low"].get<double>(), 0.8);
  EXPECT_GT(sequence["high"].get<double>(), 0.8);
}

}  // namespace querist::loop
