// The arbiter's weights follow the audit labels: strategies whose labels help gain places.
#include "loop/arbiter.h"

#include <gtest/gtest.h>

#include <cmath>

#include "strategies/door/expression.h"

namespace querist::loop {

static constexpr std::string_view two_arms = "arbiter(portfolio=(margin:1, entropy:3))";

// Two classes by the sign of a sum. The first arm buys honest labels; the second answers at random.
struct Evidence {
  Matrix x{400, 5};
  std::vector<int64_t> rows, order, audit_rows;
  std::vector<int32_t> labels, arms, audit_labels;

  Evidence(uint64_t seed, bool second_is_noise, size_t audit) {
    Rng rng(seed);
    for (float& v : x.values) v = static_cast<float>(rng.normal());
    for (size_t i = 0; i < 400; ++i) {
      float sum = 0;
      for (const float v : x.row(i)) sum += v;
      const int32_t truth = sum > 0;
      if (i < 80) {
        const auto arm = static_cast<int32_t>(i % 2);
        rows.push_back(static_cast<int64_t>(i));
        arms.push_back(arm);
        order.push_back(static_cast<int64_t>(i / 10));
        labels.push_back(arm == 1 && second_is_noise ? static_cast<int32_t>(rng.below(2)) : truth);
      } else if (audit_rows.size() < audit) {
        audit_rows.push_back(static_cast<int64_t>(i));
        audit_labels.push_back(truth);
      }
    }
  }
  std::vector<ArmEvidence> weigh(std::string_view expression = two_arms) const {
    const auto& learner = learners::find("logistic_regression");
    return weigh_arms(expression, learner, Params(learner.params),
                      {x, rows, labels, arms, order, audit_rows, audit_labels, 2}, 7, Progress());
  }
};

TEST(Arbiter, MovesWeightToTheStrategyWhoseLabelsHelp) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const auto arms = Evidence(seed, true, 200).weigh();
    ASSERT_EQ(arms.size(), 2u);
    EXPECT_EQ(arms[0].strategy, "margin");
    EXPECT_EQ(arms[0].labels, 40u);
    EXPECT_GT(arms[0].gain, arms[1].gain);
    EXPECT_GT(arms[0].score, 1) << "seed " << seed;
    EXPECT_NEAR(arms[0].score, -arms[1].score, 1e-9) << "of two arms each is the other's others";
    EXPECT_GT(arms[0].weight, 0.5) << "from a prior of a quarter";
    EXPECT_GE(arms[1].weight, 0.025) << "a twentieth of an even share stays";
    EXPECT_NEAR(arms[0].weight + arms[1].weight, 1, 1e-12);
  }
}

TEST(Arbiter, KeepsTheGivenWeightsWithoutEvidence) {
  for (const size_t audit : {size_t{0}, arbiter_audit - 1}) {
    const auto arms = Evidence(1, true, audit).weigh();
    EXPECT_EQ(arms[0].weight, 0.25);
    EXPECT_EQ(arms[1].weight, 0.75);
  }
  Evidence few(1, true, 200);
  for (size_t i = 2 * (arbiter_labels - 1); i < few.arms.size(); ++i) few.arms[i] = -1;
  EXPECT_EQ(few.weigh()[0].weight, 0.25);
  EXPECT_EQ(few.weigh()[0].labels, arbiter_labels - 1);
}

TEST(Arbiter, HardlyMovesWhereBothHelpAlike) {
  double mean = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    mean += Evidence(seed, false, 200).weigh("arbiter(portfolio=(margin, entropy))")[0].weight / 20;
  }
  EXPECT_NEAR(mean, 0.5, 0.25);  // Weights between 0.02 and 0.98; a mean of 20 strays by 0.1.
}

TEST(Arbiter, RefusesWeightsThatAreNone) {
  for (const char* list : {"margin:0", "margin:-1, entropy:2", "margin:nan"})
    EXPECT_THROW(arms_of(fmt::format("arbiter(portfolio=({}))", list)), Error) << list;
}

TEST(Arbiter, WritesItsWeightsAsAnExpression) {
  const auto arms = Evidence(2, true, 200).weigh();
  const auto text = weighted_expression(two_arms, arms);
  EXPECT_EQ(arms_of(text), arms_of(two_arms));
  EXPECT_TRUE(is_arbiter(text));
  EXPECT_EQ(text, fmt::format("arbiter(portfolio=(margin:{:.4f}, entropy:{:.4f}))", arms[0].weight,
                              arms[1].weight));
  EXPECT_FALSE(is_arbiter("margin"));
  const std::string_view nested = "arbiter(portfolio=(auto(outliers=0, gamma=2):2, margin))";
  const std::vector<ArmEvidence> even = {{.strategy = arms_of(nested)[0], .weight = 0.75},
                                         {.strategy = arms_of(nested)[1], .weight = 0.25}};
  EXPECT_EQ(arms_of(weighted_expression(nested, even)), arms_of(nested));
}

}  // namespace querist::loop
