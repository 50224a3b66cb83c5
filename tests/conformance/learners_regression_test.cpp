// What every learner of numbers must do; runs over the whole registry.
#include "base/threads.h"
#include "learner_samples.h"

namespace querist::learners {

static double squared_error(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += std::pow(static_cast<double>(a[i] - b[i]), 2);
  return sum / static_cast<double>(a.size());
}

class EveryRegressor : public EveryLearner {};

TEST_P(EveryRegressor, LearnsWhatCanBeLearnt) {
  const NumberSample sample(200, 5, 21);
  const auto model = fit(sample.data());
  EXPECT_EQ(model->task(), Task::regression);
  EXPECT_EQ(model->classes(), 0u);
  double mean = 0;
  for (const float y : sample.y) mean += static_cast<double>(y) / 200;
  const std::vector<float> constant(200, static_cast<float>(mean));
  // Four fifths of the variance, on the rows it saw: one in thirty of it is noise.
  EXPECT_LT(squared_error(numbers(*model, sample.x), sample.y),
            squared_error(constant, sample.y) / 5);
}

TEST_P(EveryRegressor, PredictsTheSameAfterSavingAndLoading) {
  const NumberSample sample(60, 6, 22);
  const Csr sparse = to_sparse(sample.x);
  Dataset from_sparse = sample.data();
  from_sparse.features = sparse;
  for (const Dataset& data : {sample.data(), from_sparse}) {
    const auto model = fit(data);
    const std::string bytes = model->save();
    const auto loaded = learner().load(bytes);
    EXPECT_EQ(loaded->task(), Task::regression);
    EXPECT_EQ(loaded->save(), bytes);
    EXPECT_EQ(numbers(*loaded, sample.x), numbers(*model, sample.x));
    EXPECT_EQ(numbers(*loaded, sparse), numbers(*model, sparse));
  }
}

TEST_P(EveryRegressor, PredictsTheConstantThatAllTargetsAre) {
  for (const float constant : {0.0f, -3.5f, 2e4f}) {
    NumberSample sample(30, 4, 23);
    std::fill(sample.y.begin(), sample.y.end(), constant);
    for (const float value : numbers(*fit(sample.data()), sample.x))
      EXPECT_NEAR(value, constant, 1e-3 * std::max(1.0f, std::abs(constant)));
  }
}

TEST_P(EveryRegressor, TrainsOnOneRowOnMoreColumnsThanRowsAndOnRepeatedRows) {
  const NumberSample one(1, 4, 24);
  EXPECT_NEAR(numbers(*fit(one.data()), one.x)[0], one.y[0], 0.1);
  const NumberSample wide(9, 50, 25);
  numbers(*fit(wide.data()), wide.x);
  NumberSample same(30, 4, 26);  // One row with the targets 0, 1 and 2: 1 is all that can be said.
  for (size_t i = 0; i < 30; ++i) {
    std::copy_n(same.x.row(0).begin(), 4, same.x.row(i).begin());
    same.y[i] = static_cast<float>(i % 3);
  }
  EXPECT_NEAR(numbers(*fit(same.data()), same.x)[0], 1, 0.1);
  NumberSample empty(20, 4, 27);
  std::fill(empty.x.values.begin(), empty.x.values.end(), 0.0f);
  const Csr no_entries = to_sparse(empty.x);
  Dataset nothing = empty.data();
  numbers(*fit(nothing), empty.x);
  nothing.features = no_entries;
  numbers(*fit(nothing), no_entries);
}

TEST_P(EveryRegressor, FollowsTheWeights) {
  NumberSample sample(40, 3, 28);
  Dataset data = sample.data();
  for (size_t i = 0; i < 40; ++i) {
    std::copy_n(sample.x.row(0).begin(), 3, sample.x.row(i).begin());
    data.targets[i] = static_cast<float>(i % 2);
    data.weights.push_back(i % 2 ? 9.0f : 1.0f);
  }
  data.features = sample.x;
  EXPECT_NEAR(numbers(*fit(data), sample.x)[0], 0.9, 0.1);
}

TEST_P(EveryRegressor, GivesTheSameModelForTheSameSeedOnAnyNumberOfThreads) {
  const NumberSample sample(600, 6, 29);
  const auto model = fit(sample.data(), 42);
  EXPECT_EQ(fit(sample.data(), 42)->save(), model->save());
  const std::vector<float> out = numbers(*model, sample.x);
  set_threads(1);
  const auto alone = fit(sample.data(), 42);
  const std::vector<float> out_alone = numbers(*model, sample.x);
  set_threads(0);
  EXPECT_EQ(alone->save(), model->save());
  EXPECT_EQ(out_alone, out);
  for (size_t i = 0; i < 600; i += 37) {
    const MatrixView one(1, sample.x.cols, sample.x.row(i).data());
    ASSERT_EQ(numbers(*model, one)[0], out[i]);
  }
}

TEST_P(EveryRegressor, LearnsTheSameFromDenseHalfAndSparseRows) {
  NumberSample sample(120, 7, 30);
  std::vector<uint16_t> half;
  for (float& value : sample.x.values) {
    half.push_back(float_to_half(value));
    value = half_to_float(half.back());
  }
  const Csr sparse = to_sparse(sample.x);
  const std::vector<float> expected = numbers(*fit(sample.data()), sample.x);
  for (const Features& features : {Features(sparse), Features::of_half(120, 7, half.data())}) {
    Dataset data = sample.data();
    data.features = features;
    const auto model = fit(data);
    for (const std::vector<float>& found : {numbers(*model, features), numbers(*model, sample.x)})
      EXPECT_LT(squared_error(found, expected), 1e-6);
  }
}

TEST_P(EveryRegressor, RefusesDataThatIsWrongAndAStartFromAnotherShape) {
  const NumberSample sample(20, 4, 31);
  for (const float bad : {std::nanf(""), INFINITY}) {
    Dataset data = sample.data();
    data.targets[3] = bad;
    expect_refused(data);
  }
  Dataset data = sample.data();
  data.targets.pop_back();
  expect_refused(data);
  const auto model = fit(sample.data());
  const NumberSample wider(20, 5, 31);
  EXPECT_THROW(fit(wider.data(), 1, model.get()), Error);
  std::vector<float> out;
  EXPECT_THROW(model->predictions(Matrix(2, 3), out), Error);
  EXPECT_NO_THROW(fit(sample.data(), 1, model.get()));
}

TEST_P(EveryRegressor, NeverCrashesOnDamagedBytes) {
  const NumberSample sample(20, 3, 32);
  const std::string bytes = fit(sample.data())->save();
  const auto try_load = [&](std::string_view damaged) {
    try {
      const auto model = learner().load(damaged);
      std::vector<float> out;
      Matrix shares;
      if (model->task() == Task::regression) {
        model->predictions(Matrix(2, model->features()), out);
      } else {
        model->probabilities(Matrix(2, model->features()), shares);
      }
    } catch (const Error&) {
      return false;
    }
    return true;
  };
  EXPECT_TRUE(try_load(bytes));
  for (size_t length = 0; length < bytes.size(); length += 1 + bytes.size() / 3000)
    EXPECT_FALSE(try_load(std::string_view(bytes).substr(0, length))) << length;
  EXPECT_FALSE(try_load(bytes + "x"));
  Rng rng(1);
  for (int round = 0; round < 1000; ++round) {
    std::string damaged = bytes;
    // Half of the hits fall on the head of the bytes, where the lengths are.
    const size_t reach = round % 2 ? std::min<size_t>(bytes.size(), 96) : bytes.size();
    damaged[rng.below(reach)] = static_cast<char>(rng.below(256));
    try_load(damaged);
  }
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryRegressor,
                         testing::ValuesIn(learners_of(Task::regression, Signal::none)), name_of);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(EveryRegressor);

}  // namespace querist::learners
