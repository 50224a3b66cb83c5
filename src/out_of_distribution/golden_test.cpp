// Each detector against scikit-learn and SciPy (tests/golden/out_of_distribution.json), and what
// the formulas imply.
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/rng.h"
#include "out_of_distribution/detector.h"

namespace querist::out_of_distribution {

static const Json& golden() {
  static const Json all =
      parse_json(read_file(QUERIST_SOURCE_DIR "/tests/golden/out_of_distribution.json"));
  return all;
}

static Matrix matrix_of(const Json& values, size_t cols) {
  Matrix m;
  m.values = values.get<std::vector<float>>();
  m.cols = cols;
  m.rows = m.values.size() / cols;
  return m;
}

static std::vector<uint16_t> halves(const Matrix& m) {
  std::vector<uint16_t> bits;
  for (const float value : m.values) bits.push_back(float_to_half(value));
  return bits;
}

static void expect_near(const std::vector<double>& ours, const Json& theirs, double tolerance) {
  ASSERT_EQ(ours.size(), theirs.size());
  for (size_t i = 0; i < ours.size(); ++i) {
    const auto expected = theirs[i].get<double>();
    EXPECT_NEAR(ours[i], expected, tolerance * std::max(1.0, std::abs(expected))) << i;
  }
}

// Sums in another order, and an inverse there where we solve: 1e-9 of the value.
static constexpr double summed = 1e-9;

TEST(LogitScores, AreSciPys) {
  for (const Json& json : golden()["cases"]) {
    const auto p = matrix_of(json["probabilities"], json["classes"]);
    const auto logits = logits_of(p);
    expect_near(logits, json["logits"], 1e-12);
    const Rows rows{{p.rows, p.cols, logits.data()}, {}};
    const std::vector<int32_t> labels(p.rows);
    for (const char* name : {"max_softmax", "max_logit", "energy", "entropy"}) {
      SCOPED_TRACE(name);
      const Detector& card = find(name);
      expect_near(score(fit(card, {rows, labels}, Params(card.params)), rows), json[name], 1e-12);
    }
    Params warm(energy().params);
    warm.set("temperature", 2.5);
    expect_near(score(fit(energy(), {rows, labels}, warm), rows), json["energy_at_2.5"], 1e-12);
  }
}

TEST(DistanceScores, AreScikitLearns) {
  for (const Json& json : golden()["cases"]) {
    const auto x = matrix_of(json["rows"], json["d"]);
    const auto fresh = matrix_of(json["new"], json["d"]);
    const auto x_bits = halves(x);
    const auto fresh_bits = halves(fresh);
    const auto labels = json["labels"].get<std::vector<int32_t>>();
    for (const bool half : {false, true}) {
      const auto rows = [&](const Matrix& m, const std::vector<uint16_t>& bits) {
        return Rows{{}, half ? Features::of_half(m.rows, m.cols, bits.data()) : Features(m)};
      };
      const TrainingRows training{rows(x, x_bits), labels};
      for (const char* name : {"mahalanobis", "relative_mahalanobis"}) {
        SCOPED_TRACE(name);
        Params params(find(name).params);
        expect_near(score(fit(find(name), training, params), rows(fresh, fresh_bits)),
                    json["ledoit_wolf"][name], summed);
        params.set("shrinkage", 0.3);
        expect_near(score(fit(find(name), training, params), rows(fresh, fresh_bits)),
                    json["fixed"][name], summed);
      }
      for (const int k : {1, 5}) {
        Params params(k_nearest().params);
        params.set("k", k);
        // Rows less their mean are rounded to float32 once: 1e-6 of a distance.
        expect_near(score(fit(k_nearest(), training, params), rows(fresh, fresh_bits)),
                    json[fmt::format("nearest_{}", k)], 1e-6);
      }
    }
  }
}

// p = softmax of a linear head whose weights sum to 0 over the classes: its logits come back.
TEST(LogitsOf, AreThoseOfACentredSoftmax) {
  Rng rng(5);
  for (const size_t classes : {2, 3, 40}) {
    std::vector<double> z(classes);
    double mean = 0;
    for (double& value : z) {
      value = 3 * rng.normal();
      mean += value / static_cast<double>(classes);
    }
    Matrix p(1, classes);
    double sum = 0;
    for (double& value : z) sum += std::exp(value -= mean);
    for (size_t k = 0; k < classes; ++k) p.at(0, k) = static_cast<float>(std::exp(z[k]) / sum);
    const auto back = logits_of(p);
    // A probability in float32 is right to 6e-8 of itself.
    for (size_t k = 0; k < classes; ++k) EXPECT_NEAR(back[k], z[k], 1e-6);
  }
}

TEST(LogitsOf, RefusesWhatIsNoProbability) {
  Matrix p(1, 2);
  p.values = {0.5f, NAN};
  EXPECT_THROW(logits_of(p), Error);
  p.values = {1.5f, -0.5f};
  EXPECT_THROW(logits_of(p), Error);
  p.values = {1, 0};
  for (const double z : logits_of(p)) EXPECT_TRUE(std::isfinite(z));
}

TEST(Mahalanobis, StandsRowsWithoutSpreadAndColumnsThatRepeat) {
  Matrix same(4, 3);
  std::fill(same.values.begin(), same.values.end(), 2.0f);
  Matrix twice(20, 3);
  Rng rng(3);
  for (size_t i = 0; i < 20; ++i) {
    twice.at(i, 0) = twice.at(i, 1) = static_cast<float>(rng.normal());
    twice.at(i, 2) = 1;
  }
  for (const Matrix* x : {&same, &twice}) {
    const std::vector<int32_t> labels(x->rows, 0);
    for (const char* name : {"mahalanobis", "relative_mahalanobis"}) {
      Params params(find(name).params);
      params.set("shrinkage", 1e-15);
      const auto fitted = fit(find(name), {{{}, Features(*x)}, labels}, params);
      for (const double one : score(fitted, {{}, Features(*x)})) EXPECT_TRUE(std::isfinite(one));
    }
  }
}

TEST(KNearest, KeepsSomeRowsEvenlyWhereThereAreMany) {
  Matrix x(100, 1);
  for (size_t i = 0; i < 100; ++i) x.at(i, 0) = static_cast<float>(i);
  Params params(k_nearest().params);
  params.set("most_rows", 10);
  params.set("k", 1);
  const std::vector<int32_t> labels(100, 0);
  const auto fitted = fit(k_nearest(), {{{}, Features(x)}, labels}, params);
  ASSERT_EQ(fitted.state.rows.rows, 10u);
  const auto scores = score(fitted, {{}, Features(x)});
  for (size_t i = 0; i < 100; ++i)  // 0, 10 … 90 were kept.
    EXPECT_NEAR(scores[i], std::min(i % 10, i < 90 ? 10 - i % 10 : 100), 1e-5) << i;
}

}  // namespace querist::out_of_distribution
