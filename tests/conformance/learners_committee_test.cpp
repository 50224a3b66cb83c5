// What every committee's members must say; runs over the learners that say they give them.
#include "base/threads.h"
#include "learner_samples.h"

namespace querist::learners {

class EveryCommittee : public EveryLearner {};

TEST_P(EveryCommittee, HasMembersWhoseMeanIsTheModel) {
  const Sample sample(120, 6, 3, 41);
  Dataset data = sample.data();
  data.classes = 4;  // One without a label.
  const auto model = fit(data);
  const Matrix whole = predict(*model, sample.x);
  Matrix members;
  model->member_probabilities(sample.x, members);
  ASSERT_GT(model->members(), 1u);
  ASSERT_EQ(members.rows, model->members() * 120);
  ASSERT_EQ(members.cols, 4u);
  Matrix mean(120, 4);
  bool differ = false;
  for (size_t m = 0; m < model->members(); ++m) {
    for (size_t i = 0; i < 120; ++i) {
      double sum = 0;
      for (size_t k = 0; k < 4; ++k) {
        const float p = members.at(m * 120 + i, k);
        ASSERT_TRUE(std::isfinite(p) && p >= 0 && p <= 1);
        sum += static_cast<double>(p);
        mean.at(i, k) += p / static_cast<float>(model->members());
        differ = differ || p != members.at(i, k);
      }
      ASSERT_NEAR(sum, 1, 1e-5);
      ASSERT_LT(members.at(m * 120 + i, 3), 0.05);
    }
  }
  EXPECT_TRUE(differ);
  EXPECT_LT(difference(mean, whole), 0.05);
}

TEST_P(EveryCommittee, SaysTheSameAfterLoadingAndOnAnyNumberOfThreads) {
  const Sample sample(90, 5, 3, 42);
  const auto model = fit(sample.data());
  const auto loaded = learner().load(model->save());
  EXPECT_EQ(loaded->members(), model->members());
  Matrix members;
  Matrix again;
  model->member_probabilities(sample.x, members);
  loaded->member_probabilities(sample.x, again);
  EXPECT_EQ(again.values, members.values);
  set_threads(1);
  model->member_probabilities(sample.x, again);
  set_threads(0);
  EXPECT_EQ(again.values, members.values);
  EXPECT_THROW(model->member_probabilities(Matrix(2, 4), again), Error);
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryCommittee,
                         testing::ValuesIn(learners_of(Task::classification,
                                                       Signal::member_probabilities)),
                         name_of);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(EveryCommittee);

class EveryCommitteeOfRegressors : public EveryLearner {};

TEST_P(EveryCommitteeOfRegressors, HasMembersWhoseMeanIsTheModelAlsoAfterLoading) {
  const NumberSample sample(80, 4, 43);
  const auto model = fit(sample.data());
  const std::vector<float> whole = numbers(*model, sample.x);
  Matrix members;
  model->member_predictions(sample.x, members);
  ASSERT_GT(model->members(), 1u);
  ASSERT_EQ(members.rows, model->members());
  ASSERT_EQ(members.cols, 80u);
  bool differ = false;
  double centre = 0, spread = 0;  // Of what the model predicts.
  for (const float value : whole) centre += static_cast<double>(value) / 80;
  for (const float value : whole) spread += std::pow(static_cast<double>(value) - centre, 2) / 80;
  for (size_t i = 0; i < 80; ++i) {
    double mean = 0;
    for (size_t m = 0; m < members.rows; ++m) {
      mean += static_cast<double>(members.at(m, i)) / static_cast<double>(members.rows);
      differ = differ || members.at(m, i) != members.at(0, i);
    }
    // Members by dropout stray a little; another model would by as much as it spreads.
    EXPECT_NEAR(mean, whole[i], 0.1 * std::sqrt(spread));
  }
  EXPECT_TRUE(differ);
  Matrix again;
  learner().load(model->save())->member_predictions(sample.x, again);
  EXPECT_EQ(again.values, members.values);
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryCommitteeOfRegressors,
                         testing::ValuesIn(learners_of(Task::regression,
                                                       Signal::member_predictions)),
                         name_of);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(EveryCommitteeOfRegressors);

}  // namespace querist::learners
