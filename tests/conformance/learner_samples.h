// What the suites of the learners share: small data sets, and one learner at a time.
#pragma once

#include <gtest/gtest.h>

#include <cmath>

#include "learners/fit_for_tests.h"

namespace querist::learners {

// A small learnable data set, with the storage it looks at.
struct Sample {
  Matrix x;
  std::vector<int32_t> y;
  size_t classes;

  Sample(size_t rows, size_t cols, size_t class_count, uint64_t seed)
      : x(rows, cols), classes(class_count) {
    Rng rng(seed);
    Matrix centres(classes, cols);
    for (float& value : centres.values) value = static_cast<float>(1.5 * rng.normal());
    for (size_t i = 0; i < rows; ++i) {
      y.push_back(static_cast<int32_t>(i % classes));
      for (size_t j = 0; j < cols; ++j) {
        // Some exact zeros, so that the sparse form differs from the dense one.
        const double value = rng.uniform() < 0.3 ? 0 : centres.at(i % classes, j) + rng.normal();
        x.at(i, j) = static_cast<float>(value);
      }
    }
  }
  Dataset data() const { return {.features = x, .labels = y, .classes = classes}; }
};

class EveryLearner : public testing::TestWithParam<std::string_view> {
 protected:
  const Learner& learner() const { return find(GetParam()); }
  std::unique_ptr<Model> fit(const Dataset& data, uint64_t seed = 1,
                             const Model* warm = nullptr) const {
    return train(learner(), data, Params(learner().params), warm, seed, Progress());
  }
  void expect_refused(const Dataset& data) const {
    try {
      fit(data);
      ADD_FAILURE() << "was not refused";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::invalid_argument);
    }
  }
};

inline Matrix predict(const Model& model, const Features& features) {
  Matrix out;
  model.probabilities(features, out);
  EXPECT_EQ(out.rows, features.rows);
  EXPECT_EQ(out.cols, model.classes());
  for (size_t i = 0; i < out.rows; ++i) {
    double sum = 0;
    for (const float p : out.row(i)) {
      EXPECT_TRUE(std::isfinite(p) && p >= 0 && p <= 1);
      sum += static_cast<double>(p);
    }
    EXPECT_NEAR(sum, 1, 1e-5);
  }
  return out;
}

inline double difference(const Matrix& a, const Matrix& b) {
  double worst = a.values.size() == b.values.size() ? 0 : INFINITY;
  for (size_t i = 0; std::isfinite(worst) && i < a.values.size(); ++i) {
    worst = std::max(worst, std::abs(static_cast<double>(a.values[i] - b.values[i])));
  }
  return worst;
}

// A small set with numbers to predict: a sum of columns and some noise, far from zero.
struct NumberSample {
  Matrix x;
  std::vector<float> y;

  NumberSample(size_t rows, size_t cols, uint64_t seed) : x(rows, cols) {
    Rng rng(seed);
    for (size_t i = 0; i < rows; ++i) {
      double sum = 20 + 0.2 * rng.normal();
      for (size_t j = 0; j < cols; ++j) {
        x.at(i, j) = static_cast<float>(rng.uniform() < 0.3 ? 0 : rng.normal());
        sum += x.at(i, j) / static_cast<double>(j + 1);
      }
      y.push_back(static_cast<float>(sum));
    }
  }
  Dataset data() const { return {.features = x, .task = Task::regression, .targets = y}; }
};

inline std::vector<float> numbers(const Model& model, const Features& features) {
  std::vector<float> out;
  model.predictions(features, out);
  EXPECT_EQ(out.size(), features.rows);
  for (const float value : out) EXPECT_TRUE(std::isfinite(value));
  return out;
}

// Names of the learners of a task that say they give a signal.
inline std::vector<std::string_view> learners_of(Task task, Signal gives) {
  std::vector<std::string_view> names;
  for (const Learner& learner : all())
    if (learns(learner, task) && has(learner.gives, gives)) names.push_back(learner.name);
  return names;
}

inline std::string name_of(const testing::TestParamInfo<std::string_view>& info) {
  return std::string(info.param);
}

}  // namespace querist::learners
