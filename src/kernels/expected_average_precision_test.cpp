// Expected average precision against the recurrences that define it, and scikit-activeml.
#include "kernels/expected_average_precision.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/file.h"
#include "base/json.h"
#include "base/rng.h"
#include "kernels/every_target_fixture.h"

namespace querist::kernels {

// The two recurrences of Wang et al. over sorted probabilities, with their edge cases as
// scikit-activeml has them.
static double recurrences(const std::vector<double>& p) {
  const size_t n = p.size();
  std::vector<double> g(n + 2, 0), f(n + 2, 0);
  g[0] = f[0] = 1;
  for (size_t k = 1; k <= n; ++k) {
    std::vector<double> next_g(n + 2, 0), next_f(n + 2, 0);
    for (size_t t = 1; t <= k; ++t) {
      const double q = p[k - 1];
      next_g[t] = q * g[t - 1] + (1 - q) * g[t];
      next_f[t] = q * f[t - 1] + q * static_cast<double>(t) * g[t - 1] / static_cast<double>(k) +
                  (1 - q) * f[t];
    }
    g = next_g;
    f = next_f;
  }
  double sum = 0;
  for (size_t t = 1; t <= n; ++t) sum += f[t] / static_cast<double>(t);
  return sum;
}

static std::vector<double> by_recurrences(const Matrix& p) {
  std::vector<double> out(p.rows, 0);
  for (size_t c = 0; c < p.cols; ++c) {
    for (size_t left = 0; left < p.rows; ++left) {
      std::vector<double> others;
      for (size_t i = 0; i < p.rows; ++i) {
        if (i != left) others.push_back(static_cast<double>(p.at(i, c)));
      }
      std::sort(others.rbegin(), others.rend());
      out[left] += recurrences(others);
    }
  }
  return out;
}

// Many zeros, ones and ties, or smooth.
static Matrix random_probabilities(size_t rows, size_t cols, Rng& rng) {
  Matrix out(rows, cols);
  const bool coarse = rng.below(2);
  const double sharpness = 1 + 6 * rng.uniform();
  for (size_t i = 0; i < rows; ++i) {
    double sum = 0;
    for (float& v : out.row(i)) {
      v = coarse ? static_cast<float>(rng.below(4))
                 : static_cast<float>(std::pow(rng.uniform(), sharpness));
      sum += static_cast<double>(v);
    }
    if (sum == 0) sum = out.at(i, rng.below(cols)) = 1;
    for (float& v : out.row(i)) v = static_cast<float>(static_cast<double>(v) / sum);
  }
  return out;
}

static void expect_recurrences(const Matrix& p) {
  const auto expected = by_recurrences(p);
  on_every_target([&] {
    const auto actual = expected_average_precision(p);
    ASSERT_EQ(actual.size(), expected.size());
    for (size_t i = 0; i < p.rows; ++i)
      ASSERT_NEAR(actual[i], expected[i], 1e-11 * std::max(1.0, expected[i])) << p.rows;
  });
}

TEST(ExpectedAveragePrecision, IsTheSumOfTheRecurrences) {
  Rng rng(71);
  for (size_t trial = 0; trial < 300; ++trial)
    expect_recurrences(random_probabilities(1 + rng.below(30), 1 + rng.below(5), rng));
}

// Far more rows than the quadrature has nodes.
TEST(ExpectedAveragePrecision, FewNodesAreEnoughForManyRows) {
  Rng rng(72);
  for (const size_t rows : {120, 200, 400}) {
    expect_recurrences(random_probabilities(rows, 2, rng));
    Matrix certain(rows, 1);
    for (size_t i = 0; i < rows; ++i) certain.values[i] = i % 2 ? 1 : 1e-6f;
    expect_recurrences(certain);
    std::fill(certain.values.begin(), certain.values.end(), 1.0f);
    expect_recurrences(certain);
  }
}

TEST(ExpectedAveragePrecision, AgreesWithScikitActiveml) {
  const Json golden =
      parse_json(read_file(QUERIST_SOURCE_DIR "/tests/golden/error_reduction.json"));
  ASSERT_EQ(golden["expected_average_precision"].size(), 3u);
  for (const Json& one : golden["expected_average_precision"]) {
    Matrix p(one["rows"].get<size_t>(), one["classes"].get<size_t>());
    p.values = one["probabilities"].get<std::vector<float>>();
    const auto expected = one["utilities"].get<std::vector<double>>();
    const auto actual = expected_average_precision(p);
    for (size_t i = 0; i < p.rows; ++i) EXPECT_NEAR(actual[i], expected[i], 1e-10);
  }
}

TEST(GaussLegendre, IntegratesPolynomialsExactly) {
  for (const size_t count : {1, 2, 5, 20, 100}) {
    const Quadrature rule = gauss_legendre(count);
    for (const size_t degree : {size_t{0}, count, 2 * count - 1}) {
      double sum = 0;
      for (size_t i = 0; i < count; ++i)
        sum += rule.weights[i] * std::pow(rule.nodes[i], static_cast<double>(degree));
      EXPECT_NEAR(sum, 1 / static_cast<double>(degree + 1), 1e-13);
    }
  }
}

}  // namespace querist::kernels
