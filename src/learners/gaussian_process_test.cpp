// Gaussian processes against plain elimination and scikit-learn, and the face that committees have.
#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "base/json.h"
#include "base/threads.h"
#include "learners/fit_for_tests.h"
#include "learners/gaussian_process/process_model.h"
#include "learners/predictive_spread.h"

namespace querist::learners {

static std::unique_ptr<Model> fit(const Dataset& data, const Settings& settings = {}) {
  return fit_learner("gaussian_process", data, settings, 1);
}

static const ProcessModel& process(const Model& model) {
  return dynamic_cast<const ProcessModel&>(model);
}

namespace {

// Numbers that are exact in float16, some of them zero.
struct Sample {
  Matrix x;
  std::vector<float> y;
  std::vector<float> weights;

  Sample(size_t rows, size_t cols, uint64_t seed, bool is_weighted = false) : x(rows, cols) {
    Rng rng(seed);
    for (float& value : x.values) {
      const double drawn = rng.uniform() < 0.3 ? 0 : rng.normal();
      value = half_to_float(float_to_half(static_cast<float>(drawn)));
    }
    for (size_t i = 0; i < rows; ++i) {
      const auto at = static_cast<double>(x.at(i, 0));
      y.push_back(static_cast<float>(3 + std::sin(2 * at) + 0.2 * rng.normal()));
      if (is_weighted) weights.push_back(static_cast<float>(0.5 + rng.uniform()));
    }
  }
  Dataset data() const {
    return {.features = x, .weights = weights, .task = Task::regression, .targets = y};
  }
};

}  // namespace

static std::vector<double> solve(std::vector<std::vector<double>> m, std::vector<double> right) {
  const size_t n = right.size();
  for (size_t p = 0; p < n; ++p) {
    size_t pivot = p;
    for (size_t i = p; i < n; ++i) {
      if (std::abs(m[i][p]) > std::abs(m[pivot][p])) pivot = i;
    }
    std::swap(m[p], m[pivot]);
    std::swap(right[p], right[pivot]);
    for (size_t i = 0; i < n; ++i) {
      if (i == p) continue;
      const double factor = m[i][p] / m[p][p];
      for (size_t j = p; j < n; ++j) m[i][j] -= factor * m[p][j];
      right[i] -= factor * right[p];
    }
  }
  for (size_t i = 0; i < n; ++i) right[i] /= m[i][i];
  return right;
}

static double correlation(std::span<const float> a, std::span<const float> b, double length) {
  double sum = 0;
  for (size_t j = 0; j < a.size(); ++j) {
    const double gap = static_cast<double>(a[j]) - static_cast<double>(b[j]);
    sum += gap * gap;
  }
  return std::exp(-sum / (2 * length * length));
}

TEST(GaussianProcess, IsTheConditionalNormalDistributionInEveryStorage) {
  Rng rng(1);
  for (uint64_t round = 0; round < 200; ++round) {
    const size_t rows = 2 + rng.below(20), cols = 1 + rng.below(6);
    const Sample s(rows, cols, round, round % 2), queries(5, cols, 1000 + round);
    const double length = 0.5 + 2 * rng.uniform(), noise = 0.01 + rng.uniform();
    const NormalTargets normal(s.y);
    std::vector<std::vector<double>> matrix(rows, std::vector<double>(rows));
    for (size_t i = 0; i < rows; ++i) {
      for (size_t j = 0; j < rows; ++j) {
        matrix[i][j] = 0.7 * correlation(s.x.row(i), s.x.row(j), length);
      }
      matrix[i][i] += 0.7 * noise / (s.weights.empty() ? 1 : static_cast<double>(s.weights[i]));
    }
    // Wide sparse rows, which keep their inverted index: the further columns hold nothing.
    const size_t wide = cols + 2000;
    const Csr sparse = to_sparse(s.x, cols), wider = to_sparse(s.x, wide);
    const Csr asked_sparse = to_sparse(queries.x, cols), asked_wider = to_sparse(queries.x, wide);
    std::vector<uint16_t> bits;
    for (const float value : queries.x.values) bits.push_back(float_to_half(value));
    const Features half = Features::of_half(5, cols, bits.data());
    const std::vector<std::pair<Features, Features>> storages = {
        {s.x, queries.x}, {s.x, half}, {sparse, asked_sparse}, {wider, asked_wider}};
    for (const auto& [trained_on, asked] : storages) {
      Dataset data = s.data();
      data.features = trained_on;
      const auto model = fit(data, {{"length_scale", length}, {"noise", noise}, {"variance", 0.7}});
      std::vector<double> mean(5), spread(5);
      process(*model).posterior(asked, mean, spread);
      for (size_t q = 0; q < 5; ++q) {
        std::vector<double> along(rows);
        for (size_t i = 0; i < rows; ++i) {
          along[i] = 0.7 * correlation(queries.x.row(q), s.x.row(i), length);
        }
        const std::vector<double> shares = solve(matrix, along);
        double expected = normal.mean, variance = 0.7;
        for (size_t i = 0; i < rows; ++i) {
          expected += normal.spread * shares[i] * normal.values[i];
          variance -= shares[i] * along[i];
        }
        // Both in double; the noise bounds the condition by about 2000.
        ASSERT_NEAR(mean[q], expected, 1e-9) << round;
        ASSERT_NEAR(spread[q], normal.spread * std::sqrt(std::max(0.0, variance)), 1e-6);
        const double with_noise = std::max(0.0, variance) + 0.7 * noise;
        ASSERT_NEAR((*predictive_spread(*model, asked))[q], normal.spread * std::sqrt(with_noise),
                    1e-6);
      }
    }
  }
}

TEST(GaussianProcess, AgreesWithScikitLearn) {
  const Json golden = parse_json(read_file(QUERIST_SOURCE_DIR "/tests/golden/regression.json"));
  ASSERT_EQ(golden["gaussian_process"].size(), 3u);
  for (const Json& one : golden["gaussian_process"]) {
    Matrix x(one["rows"], one["cols"]), asked(6, one["cols"]);
    x.values = one["x"].get<std::vector<float>>();
    asked.values = one["new"].get<std::vector<float>>();
    const Dataset data{
        .features = x, .task = Task::regression, .targets = one["y"].get<std::vector<float>>()};
    const auto fixed = fit(data, {{"length_scale", one["length_scale"].get<double>()},
                                  {"noise", one["noise"].get<double>()},
                                  {"variance", one["variance"].get<double>()}});
    std::vector<double> mean(6), spread(6);
    process(*fixed).posterior(asked, mean, spread);
    for (size_t i = 0; i < 6; ++i) {
      EXPECT_NEAR(mean[i], one["mean"][i].get<double>(), 1e-7);
      EXPECT_NEAR(spread[i], one["spread"][i].get<double>(), 1e-7);
    }
    EXPECT_NEAR(process(*fixed).log_likelihood(), one["log_likelihood"].get<double>(), 1e-7);
    // The search finds a maximum no lower than that of twenty restarts of L-BFGS.
    EXPECT_GE(process(*fit(data)).log_likelihood(),
              one["best_log_likelihood"].get<double>() - 1e-3);
  }
}

TEST(GaussianProcess, MembersHaveTheMeanAndTheVarianceOfThePosterior) {
  const Sample s(60, 2, 3), queries(40, 2, 4);
  for (const int members : {2, 3, 10, 64}) {
    const auto model = fit(s.data(), {{"members", members}});
    ASSERT_EQ(model->members(), static_cast<size_t>(members));
    std::vector<double> mean(40), spread(40);
    process(*model).posterior(queries.x, mean, spread);
    Matrix out;
    model->member_predictions(queries.x, out);
    ASSERT_EQ(out.rows, static_cast<size_t>(members));
    for (size_t i = 0; i < 40; ++i) {
      double sum = 0, square = 0;
      for (size_t m = 0; m < out.rows; ++m) {
        const auto value = static_cast<double>(out.at(m, i));
        sum += value / members;
        square += (value - mean[i]) * (value - mean[i]) / members;
      }
      EXPECT_NEAR(sum, mean[i], 1e-5);  // The members are float32.
      EXPECT_NEAR(std::sqrt(square), spread[i], 1e-5);
      EXPECT_GT(spread[i], 0);
    }
  }
}

TEST(GaussianProcess, IsSurerNearItsRowsThanFarFromThem) {
  const Sample s(80, 1, 5);
  const auto model = fit(s.data());
  Matrix asked(2, 1);
  asked.at(1, 0) = 1000;
  std::vector<double> mean(2), spread(2);
  process(*model).posterior(asked, mean, spread);
  EXPECT_LT(spread[0], 0.3 * spread[1]);
  const NormalTargets normal(s.y);
  EXPECT_NEAR(mean[1], normal.mean, 1e-9);  // Far away there is only the prior.
  EXPECT_NEAR(spread[1], normal.spread * std::sqrt(process(*model).kernel().variance), 1e-9);
}

TEST(GaussianProcess, AnswersWhereThereIsNothingToFit) {
  const auto predict = [](const Dataset& data) {
    std::vector<float> out;
    fit(data)->predictions(data.features, out);
    return out;
  };
  const Sample one(1, 3, 6);
  EXPECT_EQ(predict(one.data())[0], one.y[0]);
  Sample constant(30, 2, 7);
  std::fill(constant.y.begin(), constant.y.end(), 0.1f);
  for (const float value : predict(constant.data())) EXPECT_EQ(value, 0.1f);
  Sample same(30, 2, 8);  // The same row with different targets.
  std::fill(same.x.values.begin(), same.x.values.end(), 1.0f);
  double mean = 0;
  for (const float value : same.y) mean += static_cast<double>(value) / 30;
  EXPECT_NEAR(static_cast<double>(predict(same.data())[0]), mean, 0.05);
  const Sample wide(8, 50, 9);
  for (const float value : predict(wide.data())) EXPECT_TRUE(std::isfinite(value));
}

TEST(GaussianProcess, IsTheSameStoredOnAnyThreadsAndRowByRow) {
  const Sample s(300, 3, 10, true);
  const Csr wide = to_sparse(s.x, 1500);
  Dataset sparse = s.data();
  sparse.features = wide;
  for (const Dataset& data : {s.data(), sparse}) {
    const Settings settings = {{"max_rows", 200}, {"search_below", 100}};  // Fewer than the rows.
    const auto model = fit(data, settings);
    Matrix together;
    model->member_predictions(data.features, together);
    const auto loaded = find("gaussian_process").load(model->save());
    EXPECT_EQ(loaded->save(), model->save());
    Matrix out;
    loaded->member_predictions(data.features, out);
    EXPECT_EQ(out.values, together.values);
    set_threads(1);
    const auto alone = fit(data, settings);
    alone->member_predictions(data.features, out);
    set_threads(0);
    EXPECT_EQ(alone->save(), model->save());
    EXPECT_EQ(out.values, together.values);
    for (size_t i = 0; i < s.x.rows; ++i) {
      const std::vector<int64_t> row = {static_cast<int64_t>(i)};
      model->member_predictions(take_rows(data.features, row).view(), out);
      for (size_t m = 0; m < out.rows; ++m) ASSERT_EQ(out.at(m, 0), together.at(m, i));
    }
  }
}

TEST(GaussianProcess, NeverCrashesOnDamagedBytes) {
  const Sample s(20, 3, 11, true);
  const Csr wide = to_sparse(s.x, 1500);
  Dataset sparse = s.data();
  sparse.features = wide;
  for (const Dataset& data : {s.data(), sparse}) {
    const std::string bytes = fit(data)->save();
    const auto try_load = [&](std::string_view damaged) {
      try {
        std::vector<float> out;
        const auto model = find("gaussian_process").load(damaged);
        model->predictions(Matrix(2, model->features()), out);
      } catch (const Error&) {
        return false;
      }
      return true;
    };
    EXPECT_TRUE(try_load(bytes));
    EXPECT_FALSE(try_load(bytes + "x"));
    for (size_t length = 0; length < bytes.size(); ++length) {
      EXPECT_FALSE(try_load(std::string_view(bytes).substr(0, length))) << length;
    }
    Rng rng(1);
    for (int round = 0; round < 2000; ++round) {
      std::string damaged = bytes;
      damaged[rng.below(bytes.size())] = static_cast<char>(rng.below(256));
      try_load(damaged);
    }
  }
}

}  // namespace querist::learners
