// What every learner must do, whichever it is; runs over the whole registry.
#include <cmath>
#include <filesystem>
#include <functional>
#include <set>

#include "base/threads.h"
#include "learner_samples.h"

namespace querist::learners {

TEST(Learners, AreTheFilesOfTheirFolder) {
  std::set<std::string> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(QUERIST_SOURCE_DIR "/src/learners")) {
    const std::string name = entry.path().stem();
    if (entry.path().extension() == ".cpp" && name != "registry" && !name.ends_with("_test")) {
      files.insert(name);
    }
  }
  std::set<std::string> names;
  for (const Learner& learner : all()) names.insert(std::string(learner.name));
  EXPECT_EQ(names, files);
  EXPECT_EQ(all().size(), files.size());
}

TEST_P(EveryLearner, SaysWhatItIs) {
  EXPECT_FALSE(learner().summary.empty());
  EXPECT_FALSE(learner().source.empty());
  for (const ParamSpec& spec : learner().params) EXPECT_FALSE(spec.help.empty()) << spec.name;
  EXPECT_NO_THROW(Params(learner().params));
}

TEST_P(EveryLearner, LearnsWhatCanBeLearnt) {
  const Sample sample(150, 8, 3, 1);
  const Matrix out = predict(*fit(sample.data()), sample.x);
  int right = 0;
  for (size_t i = 0; i < out.rows; ++i) {
    const auto row = out.row(i);
    right += std::max_element(row.begin(), row.end()) - row.begin() == sample.y[i];
  }
  EXPECT_GE(right, 128);  // 85 of 100; the centres lie far apart.
}

TEST_P(EveryLearner, PredictsTheSameAfterSavingAndLoading) {
  const Sample sample(60, 7, 4, 2);
  const Csr sparse = to_sparse(sample.x);
  Dataset from_sparse = sample.data();
  from_sparse.features = sparse;
  for (const Dataset& data : {sample.data(), from_sparse}) {
    const auto model = fit(data);
    const std::string bytes = model->save();
    const auto loaded = learner().load(bytes);
    EXPECT_EQ(loaded->classes(), model->classes());
    EXPECT_EQ(loaded->features(), model->features());
    EXPECT_EQ(loaded->save(), bytes);
    EXPECT_EQ(predict(*loaded, sample.x).values, predict(*model, sample.x).values);
    EXPECT_EQ(predict(*loaded, sparse).values, predict(*model, sparse).values);
  }
}

// Nothing else may change: the model of the settled parameters is the model they were read off.
TEST_P(EveryLearner, TrainsTheSameModelOnWhatItsTrainingSettled) {
  const Learner& card = learner();
  if (!card.settled) GTEST_SKIP() << "it chooses nothing by itself";
  const Sample sample(120, 6, 3, 12);
  const Params params(card.params);
  const auto first = train(card, sample.data(), params, nullptr, 1, {});
  const Params settled = card.settled(params, *first);
  const auto again = train(card, sample.data(), settled, nullptr, 2, {});
  EXPECT_EQ(predict(*again, sample.x).values, predict(*first, sample.x).values);
  const Params twice = card.settled(settled, *again);
  EXPECT_EQ(twice.given().size(), settled.given().size());
}

TEST_P(EveryLearner, IsNearlySureWhereThereIsOneClassOnly) {
  Sample sample(12, 5, 3, 3);
  std::fill(sample.y.begin(), sample.y.end(), 1);
  const Matrix out = predict(*fit(sample.data()), sample.x);
  for (size_t i = 0; i < out.rows; ++i) EXPECT_GT(out.at(i, 1), 0.9);
  sample.classes = 2;
  predict(*fit(sample.data()), sample.x);
}

TEST_P(EveryLearner, GivesAClassWithoutLabelsASmallShare) {
  Sample sample(60, 5, 3, 4);
  sample.classes = 5;
  const Matrix out = predict(*fit(sample.data()), sample.x);
  for (size_t i = 0; i < out.rows; ++i) EXPECT_LT(out.at(i, 3) + out.at(i, 4), 0.05);
}

TEST_P(EveryLearner, TrainsOnMoreColumnsThanRowsOnOneRowAndOnRepeatedRows) {
  const Sample wide(9, 50, 3, 5);
  predict(*fit(wide.data()), wide.x);
  const Sample one(1, 4, 1, 6);
  Dataset single = one.data();
  single.classes = 3;
  predict(*fit(single), one.x);
  Sample same(40, 4, 2, 7);
  for (size_t i = 2; i < 40; ++i) {
    std::copy_n(same.x.row(i % 2).begin(), 4, same.x.row(i).begin());
  }
  predict(*fit(same.data()), same.x);
  Sample contradicting(30, 4, 3, 8);  // The same row under every class: no class can be likelier.
  for (size_t i = 1; i < 30; ++i) {
    std::copy_n(contradicting.x.row(0).begin(), 4, contradicting.x.row(i).begin());
  }
  const Matrix out = predict(*fit(contradicting.data()), contradicting.x);
  for (const float p : out.row(0)) EXPECT_NEAR(p, 1.0 / 3, 0.02);
  Sample empty(20, 4, 2, 9);
  std::fill(empty.x.values.begin(), empty.x.values.end(), 0.0f);
  predict(*fit(empty.data()), empty.x);
  const Csr no_entries = to_sparse(empty.x);
  Dataset nothing = empty.data();
  nothing.features = no_entries;
  predict(*fit(nothing), no_entries);
}

TEST_P(EveryLearner, RefusesDataThatIsWrong) {
  const Sample sample(20, 4, 2, 10);
  for (const float bad : {std::nanf(""), INFINITY, -INFINITY}) {
    Sample broken = sample;
    broken.x.at(7, 2) = bad;
    expect_refused(broken.data());
    const Csr sparse = to_sparse(broken.x);
    Dataset data = broken.data();
    data.features = sparse;
    expect_refused(data);
  }
  for (const int32_t bad : {-1, 2, INT32_MAX, INT32_MIN}) {
    Sample broken = sample;
    broken.y[3] = bad;
    expect_refused(broken.data());
  }
  for (const float bad : {0.0f, -1.0f, std::nanf(""), INFINITY}) {
    Dataset data = sample.data();
    data.weights.assign(20, 1);
    data.weights[5] = bad;
    expect_refused(data);
  }
  Dataset data = sample.data();
  data.labels.pop_back();
  expect_refused(data);
  data = sample.data();
  data.weights.assign(19, 1);
  expect_refused(data);
  data = sample.data();
  data.classes = 0;
  expect_refused(data);
  expect_refused({.features = Matrix(0, 4), .classes = 2});
  Csr sparse = to_sparse(sample.x);
  sparse.columns.back() = 4;
  data = sample.data();
  data.features = sparse;
  expect_refused(data);
}

TEST_P(EveryLearner, RefusesAStartFromAnotherShape) {
  const Sample sample(20, 4, 3, 11);
  const auto model = fit(sample.data());
  const Sample wider(20, 5, 3, 11);
  EXPECT_THROW(fit(wider.data(), 1, model.get()), Error);
  Sample fewer(20, 4, 2, 11);
  EXPECT_THROW(fit(fewer.data(), 1, model.get()), Error);
}

TEST_P(EveryLearner, GivesTheSameModelForTheSameSeedOnAnyNumberOfThreads) {
  const Sample sample(5000, 6, 3, 12);
  const auto model = fit(sample.data(), 42);
  EXPECT_EQ(fit(sample.data(), 42)->save(), model->save());
  const Matrix out = predict(*model, sample.x);
  set_threads(1);
  const auto alone = fit(sample.data(), 42);
  const Matrix out_alone = predict(*model, sample.x);
  set_threads(0);
  EXPECT_EQ(alone->save(), model->save());
  EXPECT_EQ(out_alone.values, out.values);
}

TEST_P(EveryLearner, PredictsARowTheSameInAnyBatch) {
  const Sample sample(131, 11, 3, 13);
  const auto model = fit(sample.data());
  const Matrix together = predict(*model, sample.x);
  for (size_t i = 0; i < sample.x.rows; ++i) {
    const MatrixView one(1, sample.x.cols, sample.x.row(i).data());
    const Matrix alone = predict(*model, one);
    for (size_t k = 0; k < 3; ++k) ASSERT_EQ(alone.at(0, k), together.at(i, k));
  }
}

// Exactly the same where a learner has one optimum; those say so in tests of their own.
TEST_P(EveryLearner, IsAsGoodFromAWarmStart) {
  const Sample sample(300, 8, 4, 14);
  Sample first = sample;
  first.x.rows = 200;
  first.y.resize(200);
  for (size_t i = 0; i < 200; ++i) first.y[i] = std::min(first.y[i], 2);
  first.classes = 3;  // The earlier model knew three classes only.
  const auto loss = [&](const Model& model) {
    const Matrix out = predict(model, sample.x);
    double sum = 0;
    for (size_t i = 0; i < 300; ++i)
      sum -= std::log(std::max(1e-6f, out.at(i, static_cast<size_t>(sample.y[i])))) / 300.0;
    return sum;
  };
  const auto earlier = fit(first.data());
  EXPECT_LT(loss(*fit(sample.data(), 1, earlier.get())), loss(*fit(sample.data())) + 0.05);
}

TEST_P(EveryLearner, LearnsTheSameFromDenseAndSparseRows) {
  const Sample sample(120, 9, 3, 15);
  const Csr sparse = to_sparse(sample.x);
  Dataset data = sample.data();
  data.features = sparse;
  const auto from_dense = fit(sample.data());
  const auto from_sparse = fit(data);
  const Matrix expected = predict(*from_dense, sample.x);
  EXPECT_LT(difference(predict(*from_sparse, sparse), expected), 1e-4);
  EXPECT_LT(difference(predict(*from_sparse, sample.x), expected), 1e-4);
  EXPECT_LT(difference(predict(*from_dense, sparse), expected), 1e-4);
}

TEST_P(EveryLearner, ReadsASliceOfALargerSparseMatrix) {
  const Sample sample(60, 6, 2, 16);
  const Csr whole = to_sparse(sample.x);
  Dataset slice = sample.data();
  slice.features =
      CsrView(40, 6, whole.offsets.data() + 20, whole.columns.data(), whole.values.data());
  slice.labels.erase(slice.labels.begin(), slice.labels.begin() + 20);
  Matrix rows(40, 6);
  std::copy(sample.x.values.begin() + 120, sample.x.values.end(), rows.values.begin());
  const Csr copied = to_sparse(rows);
  Dataset copy = slice;
  copy.features = copied;
  EXPECT_EQ(fit(slice)->save(), fit(copy)->save());
}

TEST_P(EveryLearner, RefusesOtherColumnsThanItWasTrainedOn) {
  const Sample sample(20, 4, 2, 17);
  const auto model = fit(sample.data());
  Matrix out;
  EXPECT_THROW(model->probabilities(Matrix(2, 3), out), Error);
}

TEST_P(EveryLearner, NeverCrashesOnDamagedBytes) {
  const Sample sample(30, 4, 3, 18);
  const std::string bytes = fit(sample.data())->save();
  const auto try_load = [&](std::string_view damaged) {
    try {
      const auto model = learner().load(damaged);
      Matrix out;
      model->probabilities(Matrix(2, model->features()), out);
    } catch (const Error&) {
      return false;
    }
    return true;
  };
  EXPECT_TRUE(try_load(bytes));
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(try_load(std::string_view(bytes).substr(0, length))) << length;
  }
  EXPECT_FALSE(try_load(bytes + "x"));
  Rng rng(1);
  for (int round = 0; round < 2000; ++round) {
    std::string damaged = bytes;
    // Half of the hits fall on the head of the bytes, where the lengths are.
    const size_t reach = round % 2 ? std::min<size_t>(bytes.size(), 96) : bytes.size();
    damaged[rng.below(reach)] = static_cast<char>(rng.below(256));
    try_load(damaged);
  }
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryLearner,
                         testing::ValuesIn(learners_of(Task::classification, Signal::none)),
                         name_of);

}  // namespace querist::learners
