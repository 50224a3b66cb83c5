// Committees: what members are trained on, that they answer together and apart, every task.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/threads.h"
#include "learners/committee/committee_model.h"
#include "learners/fit_for_tests.h"

namespace querist::learners {

static std::unique_ptr<Model> fit(const Dataset& data, const Settings& settings,
                                  uint64_t seed = 1) {
  return fit_learner("committee", data, settings, seed);
}

namespace {

struct Mixture {
  Matrix x;
  Csr sparse;
  std::vector<int32_t> y;
  std::vector<float> numbers;
  Matrix labels;

  Mixture(size_t rows, size_t cols, uint64_t seed) : x(rows, cols), labels(rows, 2) {
    Rng rng(seed);
    sparse.cols = cols;
    for (size_t i = 0; i < rows; ++i) {
      y.push_back(static_cast<int32_t>(i % 3));
      for (size_t j = 0; j < cols; ++j) {
        if (rng.uniform() < 0.3) continue;
        x.at(i, j) = static_cast<float>(rng.normal() + static_cast<double>(j % 3 == i % 3));
        sparse.columns.push_back(static_cast<int32_t>(j));
        sparse.values.push_back(x.at(i, j));
      }
      sparse.offsets.push_back(static_cast<int64_t>(sparse.columns.size()));
      numbers.push_back(x.at(i, 0) - 2 * x.at(i, 1) + static_cast<float>(rng.normal()));
      labels.at(i, 0) = x.at(i, 0) > 0;
      labels.at(i, 1) = x.at(i, 1) > 0;
    }
  }
  Dataset data(Task task = Task::classification) const {
    if (task == Task::regression) return {.features = x, .task = task, .targets = numbers};
    if (task == Task::multi_label) {
      return {.features = x, .classes = 2, .task = task, .label_matrix = labels};
    }
    return {.features = x, .labels = y, .classes = 3};
  }
};

}  // namespace

static const Member& member_of(const Model& model, size_t m) {
  return dynamic_cast<const CommitteeModel&>(model).member(m);
}

TEST(Committee, AnswersTheMeanOfItsMembers) {
  const Mixture sample(5000, 6, 1);  // More rows than one block.
  const auto model = fit(sample.data(), {{"members", 4}});
  Matrix together, apart, one;
  model->probabilities(sample.x, together);
  model->member_probabilities(sample.x, apart);
  ASSERT_EQ(apart.rows, 4 * sample.x.rows);
  for (size_t i = 0; i < sample.x.rows; ++i) {
    for (size_t k = 0; k < 3; ++k) {
      double sum = 0;
      for (size_t m = 0; m < 4; ++m) {
        sum += static_cast<double>(apart.at(m * sample.x.rows + i, k)) / 4;
      }
      ASSERT_NEAR(static_cast<double>(together.at(i, k)), sum, 1e-6);
    }
  }
  for (size_t m = 0; m < 4; ++m) {
    member_of(*model, m).model->probabilities(sample.x, one);
    EXPECT_TRUE(std::equal(one.values.begin(), one.values.end(), apart.row(m * 5000).begin()));
  }
}

TEST(Committee, BootstrapIsTrainingOnRepeatedRows) {
  const Mixture sample(60, 4, 2);
  const std::string_view strength = "logistic_regression(strength=1, tolerance=1e-10)";
  const uint64_t seed = 5;
  const auto model = fit(sample.data(), {{"learner", std::string(strength)}, {"members", 2}}, seed);
  // The draws written out: within each class in its order, from the member's own stream.
  for (size_t m = 0; m < 2; ++m) {
    Rng rng(mix_seed(seed, m), 1);
    std::vector<int64_t> rows;
    for (size_t cls = 0; cls < 3; ++cls) {
      for (size_t draw = 0; draw < 20; ++draw) {
        rows.push_back(static_cast<int64_t>(cls + 3 * rng.below(20)));
      }
    }
    const OwnedFeatures owned = take_rows(sample.x, rows);
    Dataset repeated{.features = owned.view(), .classes = 3};
    for (const int64_t row : rows) {
      repeated.labels.push_back(sample.y[static_cast<size_t>(row)]);
    }
    Params params(find("logistic_regression").params);
    params.set("strength", 1.0);
    params.set("tolerance", 1e-10);
    const auto expected =
        train(find("logistic_regression"), repeated, params, nullptr, 0, Progress());
    Matrix a, b;
    expected->probabilities(sample.x, a);
    member_of(*model, m).model->probabilities(sample.x, b);
    // Weights in place of repeats: the same optimum, reached to about the solver's tolerance.
    for (size_t i = 0; i < a.values.size(); ++i) EXPECT_NEAR(a.values[i], b.values[i], 1e-3);
  }
}

TEST(Committee, BootstrapLosesNoClass) {
  Mixture sample(40, 3, 3);
  std::fill(sample.y.begin(), sample.y.end(), 0);
  sample.y[7] = 1;  // One row alone of its class.
  sample.y[9] = 2;
  const auto model = fit(sample.data(), {{"members", 20}});
  Matrix p;
  for (size_t m = 0; m < 20; ++m) {
    member_of(*model, m).model->probabilities(sample.x, p);
    // A class without rows would have the same share everywhere.
    EXPECT_NE(p.at(7, 1), p.at(9, 1)) << m;
  }
}

TEST(Committee, RandomSubspacesReadTheirColumnsOnlyInEveryStorage) {
  const Mixture sample(90, 10, 4);
  std::vector<uint16_t> bits;
  for (const float value : sample.x.values) bits.push_back(float_to_half(value));
  const Settings settings = {
      {"diversity", "random_subspaces"}, {"column_share", 0.35}, {"members", 6}};
  const auto model = fit(sample.data(), settings);
  std::set<std::vector<int32_t>> seen;
  Matrix before, after;
  for (size_t m = 0; m < 6; ++m) {
    const auto& columns = member_of(*model, m).columns;
    ASSERT_EQ(columns.size(), 4u);
    seen.insert(columns);
  }
  EXPECT_GE(seen.size(), 5u);
  model->member_probabilities(sample.x, before);
  for (size_t j = 0; j < 10; ++j) {
    Matrix other = sample.x;
    for (size_t i = 0; i < 90; ++i) other.at(i, j) += 1;
    model->member_probabilities(other, after);
    for (size_t m = 0; m < 6; ++m) {
      const auto& columns = member_of(*model, m).columns;
      const bool reads = std::binary_search(columns.begin(), columns.end(), static_cast<int>(j));
      const bool same = std::equal(before.row(m * 90).begin(), before.row(m * 90 + 89).end(),
                                   after.row(m * 90).begin());
      EXPECT_NE(same, reads);
    }
  }
  Dataset data = sample.data();
  data.features = sample.sparse;
  const auto from_sparse = fit(data, settings);
  from_sparse->member_probabilities(sample.sparse, after);
  for (size_t i = 0; i < before.values.size(); ++i) {
    EXPECT_NEAR(before.values[i], after.values[i], 1e-3);
  }
  model->probabilities(Features::of_half(90, 10, bits.data()), after);
  model->probabilities(sample.x, before);
  for (size_t i = 0; i < before.values.size(); ++i) {
    EXPECT_NEAR(before.values[i], after.values[i], 0.01);  // Half has 11 bits.
  }
}

TEST(Committee, IsTheSameStoredAndOnAnyThreadsInEveryTask) {
  const Mixture sample(80, 5, 5);
  const std::vector<std::pair<Task, std::string>> cases = {
      {Task::classification, "logistic_regression(class_weight=balanced)"},
      {Task::classification, "committee(learner=(logistic_regression(strength=2)), members=2)"},
      {Task::multi_label, "neural_head(hidden=8, max_epochs=5)"},
      {Task::regression, "ridge"},
      {Task::regression, "neural_head(hidden=8, max_epochs=5)"}};
  for (const auto& [task, learner] : cases) {
    for (const char* diversity : {"bootstrap", "seeds", "random_subspaces"}) {
      const Settings settings = {{"learner", learner}, {"members", 5}, {"diversity", diversity}};
      const auto model = fit(sample.data(task), settings);
      EXPECT_EQ(model->task(), task);
      EXPECT_EQ(model->members(), 5u);
      set_threads(1);
      EXPECT_EQ(fit(sample.data(task), settings)->save(), model->save());
      set_threads(0);
      const auto loaded = find("committee").load(model->save());
      EXPECT_EQ(loaded->save(), model->save());
      Matrix a, b;
      if (task == Task::regression) {
        model->member_predictions(sample.x, a);
        loaded->member_predictions(sample.x, b);
        std::vector<float> mean;
        model->predictions(sample.x, mean);
        for (size_t i = 0; i < 80; ++i) {
          double sum = 0;
          for (size_t m = 0; m < 5; ++m) sum += static_cast<double>(a.at(m, i)) / 5;
          EXPECT_NEAR(static_cast<double>(mean[i]), sum, 1e-5);
        }
      } else {
        model->member_probabilities(sample.x, a);
        loaded->member_probabilities(sample.x, b);
      }
      EXPECT_EQ(a.values, b.values);
      const bool differs =
          !std::equal(a.values.begin(), a.values.begin() + static_cast<long>(a.values.size() / 5),
                      a.values.begin() + static_cast<long>(a.values.size() / 5));
      // Only a learner without chance of its own gives equal members by seeds.
      const bool is_random = learner.starts_with("neural") || learner.starts_with("committee");
      EXPECT_EQ(differs, is_random || std::string_view(diversity) != "seeds") << learner;
    }
  }
}

TEST(Committee, RefusesWhatItCannotBeMadeOf) {
  const Mixture sample(30, 4, 6);
  EXPECT_THROW(fit(sample.data(), {{"learner", "no_such_learner"}}), Error);
  EXPECT_THROW(fit(sample.data(), {{"learner", "ridge"}}), Error);  // Another task.
  EXPECT_THROW(fit(sample.data(), {{"learner", "logistic_regression(strength=-1)"}}), Error);
  EXPECT_THROW(fit(sample.data(), {{"learner", "logistic_regression(strength=1"}}), Error);
}

TEST(Committee, StopsWhenItIsCancelled) {
  const Mixture sample(300, 4, 7);
  Progress* asked = nullptr;
  Progress progress([&](double, double, std::string_view) { asked->cancel(); });
  asked = &progress;
  Params params(find("committee").params);
  params.set("learner", "neural_head");
  params.set("members", 50);
  EXPECT_THROW(train(find("committee"), sample.data(), params, nullptr, 1, progress), Error);
}

}  // namespace querist::learners
