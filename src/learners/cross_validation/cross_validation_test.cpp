// Folds of examples that are in the data more than once.
#include "learners/cross_validation.h"

#include <gtest/gtest.h>

namespace querist::learners {

static Matrix points(size_t rows, uint64_t seed) {
  Rng rng(seed);
  Matrix made(rows, 3);
  for (float& value : made.values) value = static_cast<float>(2 * rng.uniform() - 1);
  return made;
}

static std::vector<int32_t> sides(const Matrix& x) {
  std::vector<int32_t> labels;
  for (size_t i = 0; i < x.rows; ++i) labels.push_back(x.at(i, 0) + 0.3F * x.at(i, 1) > 0);
  return labels;
}

// The same rows twice, each at half weight.
static Matrix twice(const Matrix& x) {
  Matrix both(2 * x.rows, x.cols);
  std::ranges::copy(x.values, both.values.begin());
  std::ranges::copy(x.values, both.values.begin() + static_cast<std::ptrdiff_t>(x.values.size()));
  return both;
}

TEST(CrossValidation, KeepsAllCopiesOfAnExampleInItsFold) {
  const Matrix x = points(60, 3), both = twice(x);
  Dataset once{.features = Features(x), .labels = sides(x), .classes = 2};
  Dataset doubled = once;
  doubled.features = Features(both);
  doubled.labels.insert(doubled.labels.end(), once.labels.begin(), once.labels.end());
  doubled.weights.assign(120, 0.5F);
  const Learner& learner = find("logistic_regression");
  Params params(learner.params);
  params.set("strength", 1.0);
  const Matrix expected = out_of_fold_probabilities(learner, once, params, 5, 7);
  const Matrix got = out_of_fold_probabilities(learner, doubled, params, 5, 7, {}, 2);
  ASSERT_EQ(got.rows, 60u);
  // Both are optima of the same loss, to the solver's tolerance.
  for (size_t i = 0; i < got.values.size(); ++i)
    EXPECT_NEAR(got.values[i], expected.values[i], 1e-3);
}

// Nearest neighbours would tell each label had a copy stayed in training: as fine as a forest cuts.
TEST(CrossValidation, LetsNoCopyTellItsLabel) {
  const Matrix x = points(80, 5), both = twice(x);
  Rng rng(9);
  Dataset doubled{.features = Features(both), .classes = 2};
  for (int i = 0; i < 80; ++i) doubled.labels.push_back(static_cast<int32_t>(rng.below(2)));
  const std::vector<int32_t> coins = doubled.labels;
  doubled.labels.insert(doubled.labels.end(), coins.begin(), coins.end());
  const Learner& learner = find("forest");
  const auto right = [&](size_t copies) {
    const Matrix said =
        out_of_fold_probabilities(learner, doubled, Params(learner.params), 5, 7, {}, copies);
    int hits = 0;
    for (size_t i = 0; i < 80; ++i)
      hits += said.at(i, static_cast<size_t>(doubled.labels[i])) > 0.5F;
    return hits;
  };
  EXPECT_LT(right(2), 60) << "coins cannot be foretold: 40 of 80, deviation 4.5";
  EXPECT_GT(right(1), 60) << "unless their copies are seen";
}

}  // namespace querist::learners
