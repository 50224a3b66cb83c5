// Logistic regression against scikit-learn's optimum, and what is its own: strength, warm start,
// sparse storage.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "learners/cross_validation.h"
#include "learners/fit_for_tests.h"
#include "learners/logistic_regression/linear_model.h"
#include "metrics/stratified_folds.h"

namespace querist::learners {

static std::unique_ptr<Model> fit(const Dataset& data, const Settings& values = {},
                                  const Model* warm_start = nullptr) {
  return fit_learner("logistic_regression", data, values, 0, warm_start);
}

static const LinearHead& head_of(const Model& model) {
  return dynamic_cast<const LinearModel&>(model).head();
}

// The objective of the model's own weights in double: the definition, written out.
static double objective_of(const LinearModel& model, const Matrix& x, const std::vector<int32_t>& y,
                           const std::vector<double>& weights,
                           const std::vector<int32_t>& present) {
  double loss = 0;
  for (size_t i = 0; i < x.rows; ++i) {
    double sum = 0;
    double own = 0;
    for (const int32_t cls : present) {
      const auto k = static_cast<size_t>(cls);
      double z = model.head().bias[k];
      for (size_t j = 0; j < x.cols; ++j) {
        z += static_cast<double>(x.at(i, j)) * model.weight(k, static_cast<int32_t>(j));
      }
      sum += std::exp(z);
      if (cls == y[i]) own = z;
    }
    loss += weights[i] * (std::log(sum) - own);
  }
  double squares = 0;
  for (const int32_t cls : present) {
    for (size_t j = 0; j < x.cols; ++j) {
      const double w = model.weight(static_cast<size_t>(cls), static_cast<int32_t>(j));
      squares += w * w;
    }
  }
  // Two classes are one vector w, stored as -w/2 and w/2: |w|^2 is twice the sum of squares.
  return model.head().strength * loss + (present.size() == 2 ? squares : squares / 2);
}

static void compare_with_golden(const Json& golden) {
  Matrix x(golden["rows"], golden["cols"]);
  x.values = golden["x"].get<std::vector<float>>();
  Dataset data{.labels = golden["y"].get<std::vector<int32_t>>(),
               .weights = golden["weights"].get<std::vector<float>>(),
               .classes = golden["classes"]};
  const Csr sparse = to_sparse(x);
  data.features = golden["sparse"].get<bool>() ? Features(sparse) : Features(x);
  const auto present = golden["present"].get<std::vector<int32_t>>();
  const bool balanced = golden["balanced"];
  const auto trained = fit(data, {{"strength", golden["strength"].get<double>()},
                                  {"class_weight", balanced ? "balanced" : "none"},
                                  {"max_iterations", 2000},
                                  {"tolerance", 1e-9}});
  std::vector<double> weights(x.rows, 1);
  for (size_t i = 0; i < x.rows; ++i) {
    if (!data.weights.empty()) weights[i] = data.weights[i];
    const auto count = std::count(data.labels.begin(), data.labels.end(), data.labels[i]);
    if (balanced) {
      weights[i] *= static_cast<double>(x.rows) /
                    (static_cast<double>(present.size()) * static_cast<double>(count));
    }
  }
  const auto& model = dynamic_cast<const LinearModel&>(*trained);
  const double expected = golden["objective"];
  EXPECT_NEAR(objective_of(model, x, data.labels, weights, present), expected, 1e-5 * expected);
  Matrix probabilities;
  model.probabilities(data.features, probabilities);
  for (size_t i = 0; i < 5; ++i) {
    double mass = 0;  // scikit-learn knows only the classes present: compare within them.
    for (const int32_t cls : present) mass += probabilities.at(i, static_cast<size_t>(cls));
    for (size_t k = 0; k < present.size(); ++k) {
      const double own = probabilities.at(i, static_cast<size_t>(present[k])) / mass;
      EXPECT_NEAR(own, golden["probabilities"][i][k].get<double>(), 1e-3);
    }
  }
}

TEST(LogisticRegression, ReachesTheOptimumOfScikitLearn) {
  const Json golden =
      parse_json(read_file(QUERIST_SOURCE_DIR "/tests/golden/logistic_regression.json"));
  ASSERT_EQ(golden["cases"].size(), 13u);
  for (const Json& one : golden["cases"]) {
    SCOPED_TRACE(one["name"].get<std::string>());
    compare_with_golden(one);
  }
}

// Rows around one centre a class.
struct Blobs {
  Matrix x;
  std::vector<int32_t> y;

  Blobs(size_t rows, size_t cols, size_t classes, double distance, uint64_t seed) : x(rows, cols) {
    Rng rng(seed);
    Matrix centres(classes, cols);
    for (float& value : centres.values) value = static_cast<float>(distance * rng.normal());
    for (size_t i = 0; i < rows; ++i) {
      y.push_back(static_cast<int32_t>(i % classes));
      for (size_t j = 0; j < cols; ++j) {
        x.at(i, j) = centres.at(i % classes, j) + static_cast<float>(rng.normal());
      }
    }
  }
  Dataset data(size_t classes) const { return {.features = x, .labels = y, .classes = classes}; }
};

static double largest_difference(const Matrix& a, const Matrix& b) {
  EXPECT_EQ(a.values.size(), b.values.size());
  double worst = 0;
  for (size_t i = 0; i < a.values.size(); ++i) {
    worst = std::max(worst, std::abs(static_cast<double>(a.values[i] - b.values[i])));
  }
  return worst;
}

TEST(LogisticRegression, ChoosesAWeakPenaltyForClearClassesAndAStrongOneForNoise) {
  const Blobs clear(120, 10, 3, 3, 1);
  Blobs noise(120, 10, 3, 0, 2);
  Rng(5).shuffle(noise.y);
  EXPECT_GE(head_of(*fit(clear.data(3))).strength, 0.5);
  EXPECT_LE(head_of(*fit(noise.data(3))).strength, 0.05);
}

TEST(LogisticRegression, TakesStrengthOneWhereThereIsNothingToChooseBy) {
  const Blobs few(6, 4, 2, 1, 3);
  EXPECT_EQ(head_of(*fit(few.data(2))).strength, 1);
}

TEST(LogisticRegression, SearchesOnASampleOfLargeSetsAndKeepsTheStrengthAfterwards) {
  const Blobs large(600, 5, 3, 2, 4);
  const auto first = fit(large.data(3), {{"search_below", 200}});
  EXPECT_NE(head_of(*first).strength, 1);
  const auto again = fit(large.data(3), {{"search_below", 200}}, first.get());
  EXPECT_EQ(head_of(*again).strength, head_of(*first).strength);
}

TEST(LogisticRegression, ReachesTheSameOptimumFromAWarmStart) {
  Rng rng(14);
  Matrix x(300, 8);
  Dataset data{.features = x, .classes = 4};
  for (size_t i = 0; i < 300; ++i) {
    data.labels.push_back(static_cast<int32_t>(i % 4));
    for (size_t j = 0; j < 8; ++j)
      x.at(i, j) = static_cast<float>(rng.normal() + (j == i % 4 ? 2 : 0));
  }
  // The earlier model had two thirds of the rows, and three classes only.
  Dataset first{.features = MatrixView(200, 8, x.values.data()), .classes = 3};
  for (size_t i = 0; i < 200; ++i) first.labels.push_back(std::min(data.labels[i], 2));
  const Settings settings = {{"strength", 1.0}};
  Matrix warm;
  Matrix cold;
  fit(data, settings, fit(first, settings).get())->probabilities(x, warm);
  fit(data, settings)->probabilities(x, cold);
  // The solver stops within 1e-7 of the loss a label; probabilities follow its square root.
  for (size_t i = 0; i < cold.values.size(); ++i) ASSERT_NEAR(warm.values[i], cold.values[i], 1e-3);
}

TEST(LogisticRegression, KeepsOnlyTheColumnsOfASparseSetThatOccur) {
  Csr x;
  x.cols = size_t{1} << 20;
  for (int32_t i = 0; i < 20; ++i) {
    x.columns.insert(x.columns.end(), {i % 2, 1000 + i, (1 << 20) - 1});
    x.values.insert(x.values.end(), {1, 1, 0.5f});
    x.offsets.push_back(static_cast<int64_t>(x.columns.size()));
  }
  Dataset data{.features = x, .classes = 2};
  for (int32_t i = 0; i < 20; ++i) data.labels.push_back(i % 2);
  const auto model = fit(data, {{"strength", 1.0}});
  EXPECT_EQ(head_of(*model).columns.size(), 23u);
  EXPECT_LT(model->save().size(), 1000u);
  EXPECT_EQ(model->linear_weights().rows, 0u);
  Matrix out;
  model->probabilities(x, out);
  for (size_t i = 0; i < 20; ++i) EXPECT_GT(out.at(i, i % 2), 0.7);
}

TEST(LogisticRegression, GivesAnUnseenClassLessThanItsPseudoCountEverywhere) {
  const Blobs blobs(30, 4, 2, 4, 6);
  const auto model = fit(blobs.data(5), {{"strength", 100.0}});
  Matrix far(50, 4);
  Rng rng(1);
  for (float& value : far.values) value = static_cast<float>(100 * rng.normal());
  Matrix out;
  model->probabilities(far, out);
  for (size_t i = 0; i < far.rows; ++i) {
    const float unseen = out.at(i, 2) + out.at(i, 3) + out.at(i, 4);
    EXPECT_LE(unseen, 0.05 / 30 * 1.01);
  }
}

TEST(LogisticRegression, TellsAWeightFromARepeatedRow) {
  const Blobs blobs(40, 3, 3, 1, 7);
  Dataset weighted = blobs.data(3);
  weighted.weights.assign(40, 1);
  for (size_t i = 0; i < 10; ++i) weighted.weights[i] = 3;
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < 40; ++i) rows.insert(rows.end(), i < 10 ? 3 : 1, i);
  const Matrix repeated = dense_rows(blobs.x, rows);
  Dataset expanded{.features = repeated, .classes = 3};
  for (const int64_t row : rows) expanded.labels.push_back(blobs.y[static_cast<size_t>(row)]);
  Matrix a;
  Matrix b;
  const Settings exact = {{"strength", 1.0}, {"tolerance", 1e-10}};
  fit(weighted, exact)->probabilities(blobs.x, a);
  fit(expanded, exact)->probabilities(blobs.x, b);
  EXPECT_LT(largest_difference(a, b), 1e-4);
}

TEST(LogisticRegression, ReadsHalfRowsLikeTheirFloats) {
  const Blobs blobs(50, 19, 3, 1, 8);
  std::vector<uint16_t> half;
  Matrix wide(50, 19);
  for (size_t i = 0; i < wide.values.size(); ++i) {
    half.push_back(float_to_half(blobs.x.values[i]));
    wide.values[i] = half_to_float(half.back());
  }
  Dataset data = blobs.data(3);
  data.features = wide;
  const auto from_float = fit(data);
  data.features = Features::of_half(50, 19, half.data());
  const auto from_half = fit(data);
  EXPECT_EQ(from_float->save(), from_half->save());
  Matrix a;
  Matrix b;
  from_float->probabilities(wide, a);
  from_float->probabilities(data.features, b);
  EXPECT_EQ(a.values, b.values);
}

TEST(LogisticRegression, RefusesToPredictOnNaNAndOnOtherColumns) {
  const Blobs blobs(20, 4, 2, 1, 9);
  const auto model = fit(blobs.data(2));
  Matrix out;
  Matrix bad(1, 4);
  bad.values[2] = std::nanf("");
  EXPECT_THROW(model->probabilities(bad, out), Error);
  EXPECT_THROW(model->probabilities(Matrix(1, 5), out), Error);
}

TEST(LogisticRegression, StopsWhenCancelled) {
  const Blobs blobs(200, 10, 3, 1, 10);
  Progress progress;
  progress.cancel();
  EXPECT_THROW(train(find("logistic_regression"), blobs.data(3),
                     settings_of("logistic_regression", {}), nullptr, 0, progress),
               Error);
}

TEST(LogisticRegression, LearnsEachLabelOnItsOwnInEveryStorage) {
  Rng rng(21);
  Matrix x(90, 6), y(90, 4);
  for (float& value : x.values) {
    value = rng.uniform() < 0.4 ? 0 : static_cast<float>(rng.normal());
  }
  for (size_t i = 0; i < 90; ++i) {
    for (size_t k = 0; k < 2; ++k) y.at(i, k) = x.at(i, k) + 0.5 * rng.normal() > 0.3;
    y.at(i, 2) = 1;  // Every row has it, and none has the last.
  }
  Matrix wide(90, 40);
  for (size_t i = 0; i < 90; ++i) std::ranges::copy(x.row(i), wide.row(i).begin());
  const Csr sparse = to_sparse(x), by_column = to_sparse(wide);
  for (const Features& features : {Features(x), Features(sparse), Features(by_column)}) {
    const Dataset data{
        .features = features, .classes = 4, .task = Task::multi_label, .label_matrix = y};
    const auto model = fit(data, {{"strength", 1.0}});
    EXPECT_EQ(model->task(), Task::multi_label);
    Matrix out, own, loaded;
    model->probabilities(features, out);
    for (size_t k = 0; k < 4; ++k) {
      Dataset one{.features = features, .classes = 2};
      for (size_t i = 0; i < 90; ++i) one.labels.push_back(y.at(i, k) > 0);
      fit(one, {{"strength", 1.0}})->probabilities(features, own);
      // The same fit; its float32 weights are halved on one side and subtracted on the other.
      for (size_t i = 0; i < 90; ++i) EXPECT_NEAR(out.at(i, k), own.at(i, 1), 1e-5);
    }
    const auto again = find("logistic_regression").load(model->save());
    again->probabilities(features, loaded);
    EXPECT_EQ(loaded.values, out.values);
    EXPECT_EQ(again->save(), model->save());
    EXPECT_EQ(model->linear_weights().rows, 0u);
    Dataset single{.features = features, .labels = std::vector<int32_t>(90, 0), .classes = 4};
    EXPECT_THROW(fit(single, {}, model.get()), Error);  // A start of another task.
  }
}

TEST(CrossValidation, SpreadsEveryClassOverTheFolds) {
  std::vector<int32_t> labels;
  for (int32_t i = 0; i < 53; ++i) labels.push_back(i < 30 ? 0 : i < 48 ? 1 : 2);
  const auto folds = metrics::stratified_folds(labels, 3, 5, 1);
  for (size_t f = 0; f < 5; ++f) {
    std::vector<int> counts(3);
    for (size_t i = 0; i < labels.size(); ++i) {
      if (folds[i] == f) ++counts[static_cast<size_t>(labels[i])];
    }
    EXPECT_EQ(counts[0], 6);
    EXPECT_NEAR(counts[1], 3.6, 0.61);
    EXPECT_EQ(counts[2], 1);
  }
  EXPECT_EQ(folds, metrics::stratified_folds(labels, 3, 5, 1));
  EXPECT_NE(folds, metrics::stratified_folds(labels, 3, 5, 2));
}

TEST(CrossValidation, PredictsARowWithoutHavingSeenIt) {
  // Labels are pure chance and columns outnumber rows: a model that saw a row knows it, one that
  // did not cannot.
  const Blobs noise(60, 100, 2, 0, 11);
  const Learner& learner = find("logistic_regression");
  const Params params = settings_of("logistic_regression", {{"strength", 10.0}});
  const Matrix out = out_of_fold_probabilities(learner, noise.data(2), params, 5, 1);
  Matrix seen;
  fit(noise.data(2), {{"strength", 10.0}})->probabilities(noise.x, seen);
  int right = 0;
  int right_seen = 0;
  for (size_t i = 0; i < 60; ++i) {
    const auto own = static_cast<size_t>(noise.y[i]);
    right += out.at(i, own) > 0.5f;
    right_seen += seen.at(i, own) > 0.5f;
    EXPECT_NEAR(out.at(i, 0) + out.at(i, 1), 1, 1e-5);
  }
  EXPECT_EQ(right_seen, 60);
  EXPECT_LT(right, 45);  // Within four standard deviations of 30.
  Progress cancelled;
  cancelled.cancel();
  EXPECT_THROW(out_of_fold_probabilities(learner, noise.data(2), params, 5, 1, cancelled), Error);
  EXPECT_THROW(out_of_fold_probabilities(learner, noise.data(2), params, 61, 1), Error);
  EXPECT_THROW(out_of_fold_probabilities(learner, noise.data(2), params, 1, 1), Error);
}

}  // namespace querist::learners
