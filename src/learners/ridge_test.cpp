// Ridge regression against the normal equations written out, fits without each row, and
// scikit-learn.
#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "base/json.h"
#include "base/threads.h"
#include "learners/fit_for_tests.h"
#include "learners/ridge/leave_one_out.h"
#include "learners/ridge/ridge_model.h"

namespace querist::learners {

namespace {

// Rows whose numbers are exact in float16, so that every storage holds the same.
struct Sample {
  Matrix x;
  Csr sparse;
  std::vector<uint16_t> half;
  std::vector<float> y;
  std::vector<float> weights;

  Sample(size_t rows, size_t cols, uint64_t seed, bool is_weighted) : x(rows, cols) {
    Rng rng(seed);
    for (float& value : x.values) {
      const double drawn = rng.uniform() < 0.3 ? 0 : 2 * rng.normal();
      half.push_back(float_to_half(static_cast<float>(drawn)));
      value = half_to_float(half.back());
    }
    for (size_t i = 0; i < rows; ++i) {
      y.push_back(static_cast<float>(5 + x.at(i, 0) - x.at(i, cols - 1) + rng.normal()));
      if (is_weighted) weights.push_back(static_cast<float>(0.5 + rng.uniform()));
    }
    sparse = to_sparse(x);
  }
  Dataset data(int kind = 0) const {
    Dataset out{.features = x, .weights = weights, .task = Task::regression, .targets = y};
    if (kind == 1) out.features = Features::of_half(x.rows, x.cols, half.data());
    if (kind == 2) out.features = sparse;
    return out;
  }
};

}  // namespace

static std::unique_ptr<Model> fit(const Dataset& data, double alpha = 0, uint64_t seed = 1) {
  Params params(find("ridge").params);
  params.set("alpha", alpha);
  return train(find("ridge"), data, params, nullptr, seed, Progress());
}

static const RidgeHead& head_of(const Model& model) {
  return dynamic_cast<const RidgeModel&>(model).head();
}

static std::vector<float> predict(const Model& model, const Features& x) {
  std::vector<float> out;
  model.predictions(x, out);
  return out;
}

// Coefficients and the intercept last, by elimination in the penalised normal equations; a row may
// be left out.
static std::vector<double> by_elimination(const Sample& s, double alpha, size_t without) {
  const size_t d = s.x.cols, n = d + 1;
  std::vector<std::vector<double>> m(n, std::vector<double>(n + 1));
  for (size_t i = 0; i < s.x.rows; ++i) {
    if (i == without) continue;
    const double w = s.weights.empty() ? 1 : static_cast<double>(s.weights[i]);
    const auto at = [&](size_t j) { return j < d ? static_cast<double>(s.x.at(i, j)) : 1; };
    for (size_t j = 0; j < n; ++j) {
      for (size_t k = 0; k < n; ++k) m[j][k] += w * at(j) * at(k);
      m[j][n] += w * at(j) * static_cast<double>(s.y[i]);
    }
  }
  for (size_t j = 0; j < d; ++j) m[j][j] += alpha;
  for (size_t p = 0; p < n; ++p) {
    size_t pivot = p;
    for (size_t i = p; i < n; ++i) {
      if (std::abs(m[i][p]) > std::abs(m[pivot][p])) pivot = i;
    }
    std::swap(m[p], m[pivot]);
    for (size_t i = 0; i < n; ++i) {
      const double factor = i == p ? 0 : m[i][p] / m[p][p];
      for (size_t j = p; j <= n; ++j) m[i][j] -= factor * m[p][j];
    }
  }
  std::vector<double> out(n);
  for (size_t j = 0; j < n; ++j) out[j] = m[j][n] / m[j][j];
  return out;
}

TEST(Ridge, SolvesTheNormalEquationsInEveryStorage) {
  Rng rng(1);
  for (uint64_t round = 0; round < 300; ++round) {
    const size_t rows = 2 + rng.below(30), cols = 1 + rng.below(20);
    const Sample sample(rows, cols, round, round % 2);
    const double alpha = std::pow(10.0, 4 * rng.uniform() - 2);
    const auto expected = by_elimination(sample, alpha, rows);
    for (const int kind : {0, 1, 2}) {
      const auto model = fit(sample.data(kind), alpha);
      // Both are solved in double; the systems' condition is below 1e5.
      for (size_t j = 0; j < cols; ++j) {
        ASSERT_NEAR(head_of(*model).weights[j], expected[j], 1e-8) << round << " " << kind;
      }
      ASSERT_NEAR(head_of(*model).bias, expected[cols], 1e-8);
      const auto out = predict(*model, sample.data((kind + 1) % 3).features);
      for (size_t i = 0; i < rows; ++i) {
        double sum = expected[cols];
        for (size_t j = 0; j < cols; ++j) {
          sum += expected[j] * static_cast<double>(sample.x.at(i, j));
        }
        ASSERT_NEAR(static_cast<double>(out[i]), sum, 1e-5 * (1 + std::abs(sum)));
      }
    }
  }
}

TEST(Ridge, LeaveOneOutIsWhatFitsWithoutEachRowSay) {
  Rng rng(2);
  for (uint64_t round = 0; round < 100; ++round) {
    const size_t rows = 3 + rng.below(15), cols = 1 + rng.below(20);
    const Sample s(rows, cols, 1000 + round, round % 2);
    const CentredRows a(s.x, s.weights);
    double mean = 0;
    for (size_t i = 0; i < rows; ++i) {
      mean += a.roots()[i] * a.roots()[i] * static_cast<double>(s.y[i]) / a.total();
    }
    std::vector<double> y;
    for (size_t i = 0; i < rows; ++i) {
      y.push_back(a.roots()[i] * (static_cast<double>(s.y[i]) - mean));
    }
    const std::vector<double> penalties = {0.05, 1, 30};
    const LeaveOneOut errors(a, y);
    const auto found = errors.errors(penalties);
    for (size_t p = 0; p < 3; ++p) {
      double expected = 0;
      for (size_t i = 0; i < rows; ++i) {
        const auto fitted = by_elimination(s, penalties[p], i);
        double gap = static_cast<double>(s.y[i]) - fitted[cols];
        for (size_t j = 0; j < cols; ++j) gap -= fitted[j] * static_cast<double>(s.x.at(i, j));
        expected += a.roots()[i] * a.roots()[i] * gap * gap;
      }
      ASSERT_NEAR(found[p], expected, 1e-7 * expected) << round;
    }
    const std::vector<double> best = {errors.best()};
    const double least = *std::min_element(found.begin(), found.end());
    // The grid is 3 % fine, and the error is flat at its minimum.
    EXPECT_LE(errors.errors(best)[0], least * (1 + 1e-3));
  }
}

TEST(Ridge, AgreesWithScikitLearn) {
  const Json golden = parse_json(read_file(QUERIST_SOURCE_DIR "/tests/golden/regression.json"));
  ASSERT_EQ(golden["ridge"].size(), 4u);
  for (const Json& one : golden["ridge"]) {
    Matrix x(one["rows"], one["cols"]);
    x.values = one["x"].get<std::vector<float>>();
    const Dataset data{.features = x,
                       .weights = one["weights"].get<std::vector<float>>(),
                       .task = Task::regression,
                       .targets = one["y"].get<std::vector<float>>()};
    const auto model = fit(data, one["alpha"]);
    for (size_t j = 0; j < x.cols; ++j) {
      EXPECT_NEAR(head_of(*model).weights[j], one["coef"][j].get<double>(), 1e-6);
    }
    EXPECT_NEAR(head_of(*model).bias, one["intercept"].get<double>(), 1e-6);
    const CentredRows a(x, data.weights);
    double mean = 0;
    std::vector<double> y;
    for (size_t i = 0; i < x.rows; ++i) {
      mean += a.roots()[i] * a.roots()[i] * static_cast<double>(data.targets[i]) / a.total();
    }
    for (size_t i = 0; i < x.rows; ++i) {
      y.push_back(a.roots()[i] * (static_cast<double>(data.targets[i]) - mean));
    }
    const LeaveOneOut errors(a, y);
    const auto grid = one["grid"].get<std::vector<double>>();
    const auto found = errors.errors(grid);
    for (size_t p = 0; p < grid.size(); ++p) {
      const double expected = one["errors"][p];
      EXPECT_NEAR(found[p], expected, 1e-6 * expected);
    }
    const std::vector<double> chosen = {head_of(*fit(data)).alpha};
    EXPECT_LE(errors.errors(chosen)[0], *std::min_element(found.begin(), found.end()) * 1.001);
  }
}

TEST(Ridge, SolvesStepByStepWhatIsTooLargeToSolveAtOnce) {
  const size_t rows = 4200, cols = 4300;  // Both above the limit of ridge.cpp.
  Rng rng(3);
  Csr x;
  x.cols = cols;
  std::vector<float> y;
  for (size_t i = 0; i < rows; ++i) {
    for (size_t k = 0; k < 3; ++k) {
      x.columns.push_back(static_cast<int32_t>(k * 1400 + rng.below(1400)));
      x.values.push_back(static_cast<float>(rng.normal()));
    }
    x.offsets.push_back(static_cast<int64_t>(x.columns.size()));
    y.push_back(static_cast<float>(rng.normal()));
  }
  const Dataset data{.features = x, .task = Task::regression, .targets = y};
  const auto model = fit(data, 0.5);
  const auto& head = head_of(*model);
  // At the optimum the gradient is zero, the intercept's too.
  std::vector<double> gradient(cols);
  double bias_gradient = 0;
  for (size_t i = 0; i < rows; ++i) {
    double gap = head.bias - static_cast<double>(y[i]);
    const auto begin = static_cast<size_t>(x.offsets[i]);
    for (size_t k = begin; k < begin + 3; ++k) {
      gap += static_cast<double>(x.values[k]) * head.weights[static_cast<size_t>(x.columns[k])];
    }
    for (size_t k = begin; k < begin + 3; ++k) {
      gradient[static_cast<size_t>(x.columns[k])] += gap * static_cast<double>(x.values[k]);
    }
    bias_gradient += gap;
  }
  for (size_t j = 0; j < cols; ++j) EXPECT_NEAR(gradient[j] + 0.5 * head.weights[j], 0, 1e-6);
  EXPECT_NEAR(bias_gradient, 0, 1e-6);
}

TEST(Ridge, AnswersWhereThereIsNothingToFit) {
  Sample one(1, 3, 4, false);
  EXPECT_EQ(predict(*fit(one.data()), one.x)[0], one.y[0]);
  Sample flat(20, 3, 5, false);
  std::fill(flat.x.values.begin(), flat.x.values.end(), 7.0f);
  double mean = 0;
  for (const float value : flat.y) mean += static_cast<double>(value) / 20;
  EXPECT_NEAR(static_cast<double>(predict(*fit(flat.data()), flat.x)[3]), mean, 1e-5);
  Sample constant(20, 3, 6, false);
  std::fill(constant.y.begin(), constant.y.end(), -2.0f);
  for (const float value : predict(*fit(constant.data()), constant.x)) EXPECT_EQ(value, -2);
}

TEST(Ridge, IsTheSameStoredOnAnyThreadsAndRowByRow) {
  const Sample sample(3000, 7, 7, true);  // More rows than search_below.
  for (const int kind : {0, 1, 2}) {
    const auto model = fit(sample.data(kind));
    const auto together = predict(*model, sample.x);
    const auto loaded = find("ridge").load(model->save());
    EXPECT_EQ(loaded->save(), model->save());
    EXPECT_EQ(predict(*loaded, sample.x), together);
    set_threads(1);
    const auto alone = fit(sample.data(kind));
    set_threads(0);
    EXPECT_EQ(alone->save(), model->save());
    for (size_t i = 0; i < sample.x.rows; i += 97) {
      EXPECT_EQ(predict(*model, MatrixView(1, 7, sample.x.row(i).data()))[0], together[i]);
    }
  }
}

TEST(Ridge, NeverCrashesOnDamagedBytes) {
  const Sample sample(20, 4, 8, false);
  const std::string bytes = fit(sample.data())->save();
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_THROW(find("ridge").load(std::string_view(bytes).substr(0, length)), Error) << length;
  }
  EXPECT_THROW(find("ridge").load(bytes + "x"), Error);
}

}  // namespace querist::learners
