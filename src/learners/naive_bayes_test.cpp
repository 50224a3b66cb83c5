// Naive Bayes against scikit-learn's, and what is its own: exact updates, variants, sparse rows.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/file.h"
#include "base/json.h"
#include "learners/fit_for_tests.h"
#include "learners/naive_bayes/naive_bayes_model.h"

namespace querist::learners {

static std::unique_ptr<Model> fit(const Dataset& data, const Settings& values = {}) {
  return fit_learner("naive_bayes", data, values, 0);
}

static const NaiveBayesModel& naive(const Model& model) {
  return dynamic_cast<const NaiveBayesModel&>(model);
}

static Matrix predict(const Model& model, const Features& features) {
  Matrix out;
  model.probabilities(features, out);
  return out;
}

TEST(NaiveBayes, AgreesWithScikitLearn) {
  const Json golden = parse_json(read_file(QUERIST_SOURCE_DIR "/tests/golden/naive_bayes.json"));
  EXPECT_EQ(golden["cases"].size(), 27u);
  for (const Json& one : golden["cases"]) {
    Matrix x(one["rows"], one["cols"]);
    x.values = one["x"].get<std::vector<float>>();
    const Dataset data{.features = x,
                       .labels = one["y"].get<std::vector<int32_t>>(),
                       .weights = one["weights"].get<std::vector<float>>(),
                       .classes = one["classes"]};
    const Settings settings = {{"variant", one["variant"].get<std::string>()},
                               {"smoothing", one["smoothing"].get<double>()},
                               {"class_weight", one["balanced"].get<bool>() ? "balanced" : "none"}};
    const auto model = fit(data, settings);
    const auto expected = one["probabilities"].get<std::vector<double>>();
    const Csr sparse = to_sparse(x);
    for (const Features& features : {Features(x), Features(sparse)}) {
      const Matrix out = predict(*model, features);
      // Both compute in double; ours are rounded to float at the end.
      for (size_t i = 0; i < expected.size(); ++i)
        ASSERT_NEAR(static_cast<double>(out.values[i]), expected[i], 1e-6)
            << one["variant"] << " " << one["name"];
    }
  }
}

// A class is as large as the weights of its rows, or else its rows would weigh other than
// themselves written out. Models stored before count rows, and still do.
TEST(NaiveBayes, BalancesByTheWeightsOfRows) {
  Rng rng(4);
  for (const char* variant : {"multinomial", "complement", "gaussian"}) {
    Matrix x(20, 5), twice;
    for (float& value : x.values) value = static_cast<float>(rng.below(6));
    twice.cols = 5;
    Dataset weighed{.features = x, .classes = 3};
    Dataset repeated{.classes = 3};
    for (size_t i = 0; i < 20; ++i) {
      const size_t times = 1 + rng.below(4);
      weighed.labels.push_back(static_cast<int32_t>(rng.below(3)));
      weighed.weights.push_back(static_cast<float>(times));
      for (size_t t = 0; t < times; ++t) {
        repeated.labels.push_back(weighed.labels[i]);
        twice.values.insert(twice.values.end(), x.row(i).begin(), x.row(i).end());
        ++twice.rows;
      }
    }
    repeated.features = twice;
    const Settings settings = {
        {"variant", variant}, {"class_weight", "balanced"}, {"variance_smoothing", 1e-12}};
    const auto model = fit(weighed, settings);
    const Matrix expected = predict(*fit(repeated, settings), x);
    const Matrix found = predict(*model, x);
    for (size_t i = 0; i < found.values.size(); ++i)
      ASSERT_NEAR(found.values[i], expected.values[i], 1e-5) << variant;

    NaiveBayesSettings stored = naive(*model).settings();
    stored.balance = Balance::rows;
    const NaiveBayesModel earlier(naive(*model).statistics(), stored);
    const auto loaded = load_naive_bayes(earlier.save());
    EXPECT_EQ(naive(*loaded).settings().balance, Balance::rows);
    EXPECT_EQ(predict(*loaded, x).values, predict(earlier, x).values);
    if (variant != std::string_view("complement")) {
      EXPECT_NE(predict(*loaded, x).values, found.values);
    }
  }
}

// Rows of small numbers: counts, or normal ones where `negative`.
static Matrix some_rows(size_t rows, size_t cols, bool negative, Rng& rng) {
  Matrix x(rows, cols);
  for (float& value : x.values) {
    const double draw =
        negative ? 50 + rng.normal() : std::floor(4 * rng.uniform() * rng.uniform());
    value = static_cast<float>(draw);
  }
  return x;
}

TEST(NaiveBayes, GivesTheSameBitsFromAnUpdateAsFromAllRowsAtOnce) {
  Rng rng(1);
  for (int round = 0; round < 60; ++round) {
    const char* variant = round % 3 == 0   ? "multinomial"
                          : round % 3 == 1 ? "complement"
                                           : "gaussian";
    const size_t rows = 4 + rng.below(30);
    const Matrix x = some_rows(rows, 1 + rng.below(300), round % 3 == 2, rng);
    Dataset all{.features = x, .classes = 3};
    const size_t cut = 1 + rng.below(rows - 1);
    // The third class has its first row after the cut.
    for (size_t i = 0; i < rows; ++i)
      all.labels.push_back(static_cast<int32_t>(i == cut ? 2 : rng.below(i < cut ? 2 : 3)));
    for (size_t i = 0; i < rows; ++i)
      all.weights.push_back(static_cast<float>(rng.uniform() + 0.1));
    const Csr sparse = to_sparse(x);
    if (round % 2) all.features = sparse;
    std::vector<int64_t> first(cut);
    std::vector<int64_t> rest(rows - cut);
    std::iota(first.begin(), first.end(), 0);
    std::iota(rest.begin(), rest.end(), static_cast<int64_t>(cut));
    const auto at = static_cast<std::ptrdiff_t>(cut);
    const OwnedFeatures first_rows = take_rows(all.features, first);
    const OwnedFeatures last_rows = take_rows(all.features, rest);
    const Dataset before{.features = first_rows.view(),
                         .labels = {all.labels.begin(), all.labels.begin() + at},
                         .weights = {all.weights.begin(), all.weights.begin() + at},
                         .classes = 2};
    const Dataset after{.features = last_rows.view(),
                        .labels = {all.labels.begin() + at, all.labels.end()},
                        .weights = {all.weights.begin() + at, all.weights.end()},
                        .classes = 3};
    const Settings settings = {{"variant", variant},
                               {"class_weight", round % 4 ? "none" : "balanced"}};
    const auto updated = update_naive_bayes(naive(*fit(before, settings)), after);
    EXPECT_EQ(updated->save(), fit(all, settings)->save()) << variant;
  }
}

TEST(NaiveBayes, GivesTheSameBitsFromDenseHalfAndSparseCounts) {
  Rng rng(2);
  const Matrix x = some_rows(40, 30, false, rng);
  std::vector<uint16_t> half;
  for (const float value : x.values) half.push_back(float_to_half(value));
  const Csr sparse = to_sparse(x);
  Dataset data{.features = x, .classes = 2};
  for (size_t i = 0; i < 40; ++i) data.labels.push_back(static_cast<int32_t>(i % 2));
  const auto dense = fit(data);
  const Matrix expected = predict(*dense, x);
  for (const Features& features : {Features(sparse), Features::of_half(40, 30, half.data())}) {
    data.features = features;
    EXPECT_EQ(fit(data)->save(), dense->save());
    EXPECT_EQ(predict(*dense, features).values, expected.values);
  }
}

TEST(NaiveBayes, TakesNegativeFeaturesForNormalAndRefusesThemAsCounts) {
  Rng rng(3);
  Matrix x = some_rows(10, 4, false, rng);
  const Dataset data{.features = x, .labels = {0, 1, 0, 1, 0, 1, 0, 1, 0, 1}, .classes = 2};
  EXPECT_EQ(naive(*fit(data)).statistics().variant, NaiveBayesVariant::multinomial);
  x.at(6, 3) = -0.5f;
  EXPECT_EQ(naive(*fit(data)).statistics().variant, NaiveBayesVariant::gaussian);
  for (const char* variant : {"multinomial", "complement"}) {
    try {
      fit(data, {{"variant", variant}});
      ADD_FAILURE() << "was not refused";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::invalid_argument);
      EXPECT_NE(std::string(error.what()).find("row 6 has -0.5 in column 3"), std::string::npos);
    }
  }
}

TEST(NaiveBayes, SmoothsAColumnThatNoRowHas) {
  // By hand: class 0 has counts (3, 0, 0), class 1 (0, 1, 0); with smoothing 1 the third column has
  // 1/6 under class 0 and 1/4 under class 1, and so a row of one such word is 6 : 4 for class 1.
  const Matrix x = [] {
    Matrix m(2, 3);
    m.at(0, 0) = 3;
    m.at(1, 1) = 1;
    return m;
  }();
  const auto model = fit({.features = x, .labels = {0, 1}, .classes = 2});
  Matrix word(1, 3);
  word.at(0, 2) = 1;
  EXPECT_NEAR(predict(*model, word).at(0, 1), 0.6, 1e-7);
}

}  // namespace querist::learners
