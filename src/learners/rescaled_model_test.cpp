// A rescaled model says what the rescaler makes of it, and is its model in all else.
#include "learners/rescaled_model.h"

#include <gtest/gtest.h>

namespace querist::learners {

static std::unique_ptr<Model> trained(std::string_view name) {
  Rng rng(4);
  Matrix x(40, 3);
  for (float& value : x.values) value = static_cast<float>(rng.normal());
  Dataset data{.features = x, .classes = 2};
  for (size_t i = 0; i < 40; ++i) data.labels.push_back(x.at(i, 0) > 0);
  const auto chosen = parse_learner(name);
  return train(*chosen.card, data, chosen.params, nullptr, 1, {});
}

TEST(RescaledModel, ChangesProbabilitiesAloneAndSavesThePlainBytes) {
  Matrix x(2, 3);
  x.values = {1, 2, 3, -1, 0, 1};
  for (const char* name : {"logistic_regression", "forest(trees=5)"}) {
    const std::shared_ptr<const Model> plain = trained(name);
    const auto swapped = rescaled(plain, [](Matrix& p) {
      for (size_t i = 0; i < p.rows; ++i) std::swap(p.row(i)[0], p.row(i)[1]);
    });
    Matrix before, after;
    plain->probabilities(x, before);
    swapped->probabilities(x, after);
    for (size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(after.at(i, 0), before.at(i, 1));
      EXPECT_EQ(after.at(i, 1), before.at(i, 0));
    }
    EXPECT_EQ(swapped->save(), plain->save());
    EXPECT_EQ(swapped->classes(), 2u);
    EXPECT_EQ(swapped->features(), 3u);
    EXPECT_EQ(swapped->members(), plain->members());
    EXPECT_EQ(swapped->linear_weights().rows, plain->linear_weights().rows);
    EXPECT_EQ(swapped->linear_bias(), plain->linear_bias());
    if (plain->members() == 0) continue;
    plain->member_probabilities(x, before);
    swapped->member_probabilities(x, after);
    EXPECT_EQ(after.values, before.values);
  }
}

}  // namespace querist::learners
