// Parzen windows and the Gaussian kernel against plain loops, and scikit-activeml.
#include "kernels/parzen.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/file.h"
#include "base/json.h"
#include "base/rng.h"
#include "base/threads.h"
#include "kernels/every_target_fixture.h"
#include "kernels/rbf.h"

namespace querist::kernels {

struct ParzenCase {
  Matrix x;
  std::vector<uint16_t> half;
  std::vector<int64_t> queries, support;
  std::vector<int32_t> labels;
  size_t classes;

  explicit ParzenCase(Rng& rng)
      : x(1 + rng.below(40), 1 + rng.below(40)), classes(1 + rng.below(5)) {
    const double scale = std::pow(10, 2 * rng.uniform() - 1);
    for (float& v : x.values) {
      half.push_back(float_to_half(static_cast<float>(scale * rng.normal())));
      v = half_to_float(half.back());
    }
    const size_t wanted = rng.below(1500);  // More than one panel; rows repeat.
    for (size_t i = 0; i < wanted; ++i) {
      support.push_back(static_cast<int64_t>(rng.below(x.rows)));
      labels.push_back(static_cast<int32_t>(rng.below(classes)));
    }
    for (size_t i = rng.below(150); i > 0; --i)
      queries.push_back(static_cast<int64_t>(rng.below(x.rows)));
  }
  Features features(bool as_half) const {
    return as_half ? Features::of_half(x.rows, x.cols, half.data()) : Features(x);
  }
};

static double gaussian(const Matrix& x, int64_t a, int64_t b, double gamma) {
  double square = 0;
  for (size_t j = 0; j < x.cols; ++j) {
    square += std::pow(static_cast<double>(x.at(static_cast<size_t>(a), j)) -
                           static_cast<double>(x.at(static_cast<size_t>(b), j)),
                       2);
  }
  return std::exp(-gamma * square);
}

TEST(Parzen, FrequenciesAreSumsOfKernels) {
  Rng rng(81);
  for (size_t trial = 0; trial < 100; ++trial) {
    const ParzenCase one(rng);
    const Features features = one.features(trial % 2);
    const double gamma = rng.below(3) ? 0.3 * rng.uniform() : 0;
    const double width = gamma > 0 ? gamma : 1 / static_cast<double>(one.x.cols);
    on_every_target([&] {
      std::vector<double> votes(one.queries.size() * one.classes);
      parzen_frequencies({features, one.queries}, {features, one.support}, one.labels, one.classes,
                         gamma, votes);
      const Matrix p = parzen_probabilities({features, one.queries}, {features, one.support},
                                            one.labels, one.classes, gamma);
      for (size_t q = 0; q < one.queries.size(); ++q) {
        std::vector<double> expected(one.classes, 0);
        for (size_t i = 0; i < one.support.size(); ++i)
          expected[static_cast<size_t>(one.labels[i])] +=
              gaussian(one.x, one.queries[q], one.support[i], width);
        const double sum = std::accumulate(expected.begin(), expected.end(), 0.0);
        for (size_t c = 0; c < one.classes; ++c) {
          // The kernel is right to its exponent's rounding, and exponents below 700 count.
          ASSERT_NEAR(votes[q * one.classes + c], expected[c], 1e-12 * expected[c] + 1e-300);
          const double share =
              sum < least_votes ? 1 / static_cast<double>(one.classes) : expected[c] / sum;
          ASSERT_NEAR(static_cast<double>(p.at(q, c)), share, 1e-7);
        }
      }
    });
  }
}

TEST(Parzen, ThreadsDoNotChangeTheVotes) {
  Rng rng(82);
  Matrix x(700, 5);
  for (float& v : x.values) v = static_cast<float>(rng.normal());
  std::vector<int64_t> rows(700);
  std::iota(rows.begin(), rows.end(), int64_t{0});
  std::vector<int32_t> labels;
  for (size_t i = 0; i < 700; ++i) labels.push_back(static_cast<int32_t>(rng.below(3)));
  std::vector<double> many(2100), one(2100);
  parzen_frequencies({x, rows}, {x, rows}, labels, 3, 0, many);
  set_threads(1);
  parzen_frequencies({x, rows}, {x, rows}, labels, 3, 0, one);
  set_threads(0);
  EXPECT_EQ(many, one);
}

TEST(Parzen, AgreesWithScikitActiveml) {
  const Json golden =
      parse_json(read_file(QUERIST_SOURCE_DIR "/tests/golden/error_reduction.json"));
  ASSERT_EQ(golden["parzen"].size(), 3u);
  for (const Json& one : golden["parzen"]) {
    Matrix x(one["rows"].get<size_t>(), one["cols"].get<size_t>());
    x.values = one["x"].get<std::vector<float>>();
    const auto given = one["labels"].get<std::vector<int32_t>>();
    std::vector<int64_t> rows, labeled;
    std::vector<int32_t> labels;
    for (size_t i = 0; i < x.rows; ++i) {
      rows.push_back(static_cast<int64_t>(i));
      if (given[i] < 0) continue;
      labeled.push_back(static_cast<int64_t>(i));
      labels.push_back(given[i]);
    }
    const auto classes = one["classes"].get<size_t>();
    const Matrix p =
        parzen_probabilities({x, rows}, {x, labeled}, labels, classes, one["gamma"].get<double>());
    const auto expected = one["probabilities"].get<std::vector<double>>();
    for (size_t i = 0; i < p.values.size(); ++i)  // Half a unit of float's last place.
      EXPECT_NEAR(static_cast<double>(p.values[i]), expected[i], 6e-8);
  }
}

TEST(GaussianKernel, IsOneOnEqualRowsAndSymmetric) {
  Rng rng(83);
  Matrix x(37, 9);
  for (float& v : x.values) v = static_cast<float>(100 * rng.normal());
  for (size_t j = 0; j < 9; ++j) x.at(30, j) = x.at(2, j);
  std::vector<int64_t> rows(37);
  std::iota(rows.begin(), rows.end(), int64_t{0});
  std::vector<double> wide;
  widen_rows(x, rows, wide);
  PackedRows packed;
  pack_rows(x, rows, packed);
  std::vector<double> k(37 * packed.padded());
  rbf_kernel(wide.data(), 37, packed, 1e-4, k.data());
  EXPECT_EQ(k[30 * packed.padded() + 2], 1);
  for (size_t i = 0; i < 37; ++i) {
    EXPECT_EQ(k[i * packed.padded() + i], 1);
    for (size_t j = 0; j < i; ++j) {
      EXPECT_EQ(k[i * packed.padded() + j], k[j * packed.padded() + i]);
      EXPECT_LT(k[i * packed.padded() + j], i == 30 && j == 2 ? 2 : 1);
    }
  }
}

}  // namespace querist::kernels
