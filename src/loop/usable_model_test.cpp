// A model is asked only once it knows more than how common the classes are.
#include "loop/usable_model.h"
#include "loop/out_of_fold.h"

#include <gtest/gtest.h>

namespace querist::loop {

struct Points {
  Matrix x;
  std::vector<int32_t> labels;

  // Two classes whose centres lie `apart` standard deviations from each other.
  Points(size_t rows, double apart, uint64_t seed) : x(rows, 10) {
    Rng rng(seed);
    for (size_t i = 0; i < rows; ++i) {
      labels.push_back(static_cast<int32_t>(i % 2));
      for (float& v : x.row(i)) v = static_cast<float>(rng.normal());
      x.at(i, 0) += static_cast<float>(i % 2 ? apart / 2 : -apart / 2);
    }
  }
  bool usable(size_t classes = 2) const {
    const auto& learner = learners::find("logistic_regression");
    const Dataset data{.features = x, .labels = labels, .classes = classes};
    const Params params(learner.params);
    const auto model = learners::train(learner, data, params, nullptr, 1, {});
    return is_usable(data, out_of_fold(learner, data, params, *model, 1, {}));
  }
};

TEST(UsableModel, NeedsTwoLabelsAClassAndTwoClasses) {
  EXPECT_FALSE(Points(3, 50, 1).usable());
  EXPECT_FALSE(Points(8, 50, 1).usable(5));
  EXPECT_TRUE(Points(8, 50, 1).usable());
  Points one(8, 50, 1);
  one.labels.assign(8, 1);
  EXPECT_FALSE(one.usable());
}

TEST(UsableModel, IsNoneWhereItGuesses) {
  int usable = 0, guessing = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    usable += Points(16, 6, seed).usable();
    guessing += Points(16, 0, seed).usable();
  }
  EXPECT_EQ(usable, 20);
  EXPECT_LT(guessing, 15);  // By luck it is right more often than half the time at times.
}

TEST(UsableModel, IsTakenForOneOnceThereAreManyLabels) { EXPECT_TRUE(Points(20, 0, 3).usable()); }

}  // namespace querist::loop
