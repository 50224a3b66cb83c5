// The coverage engine's inner loops against plain ones in double on every kind of processor.
#include "kernels/coverage_rows.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "kernels/every_target_fixture.h"

namespace querist::kernels {

TEST(CoverageRows, GainAndCoverAsWrittenOnEveryTarget) {
  Rng rng(1);
  for (const size_t n : {0u, 1u, 7u, 16u, 31u, 64u, 1001u}) {
    std::vector<float> squared(n), weights(n), best(n);
    for (size_t j = 0; j < n; ++j) {
      squared[j] = j % 5 ? static_cast<float>(20 * rng.uniform()) : 1e30f;  // Too far to cover.
      weights[j] = static_cast<float>(rng.uniform());
      best[j] = static_cast<float>(0.3 * rng.uniform());
    }
    constexpr float gamma = 0.2f;
    on_every_target([&] {
      auto covered = best;
      const float gain = coverage_gain(squared, gamma, weights, best);
      cover(squared, gamma, covered);
      double expected = 0;
      for (size_t j = 0; j < n; ++j) {
        const double value = std::exp(-double{gamma} * double{squared[j]});
        expected += double{weights[j]} * std::max(0.0, value - double{best[j]});
        // Highway's exponential is within two units of the last place.
        EXPECT_NEAR(covered[j], std::max(double{best[j]}, value), 1e-6);
      }
      EXPECT_NEAR(gain, expected, 1e-6 * static_cast<double>(n + 1));
      // What is covered already adds nothing: both take the same exponentials, bit for bit.
      EXPECT_EQ(coverage_gain(squared, gamma, weights, covered), 0);
    });
  }
}

TEST(CoverageRows, WidenRowsOfBothKindsAlike) {
  Rng rng(2);
  for (const size_t cols : {1u, 8u, 37u}) {
    Matrix x(20, cols);
    std::vector<uint16_t> half;
    for (float& v : x.values) {
      half.push_back(float_to_half(static_cast<float>(rng.normal())));
      v = half_to_float(half.back());
    }
    const std::vector<int64_t> rows = {19, 0, 7, 7, 3};
    on_every_target([&] {
      const Matrix dense = widened_rows(x, rows);
      EXPECT_EQ(dense.values, widened_rows(Features::of_half(20, cols, half.data()), rows).values);
      for (size_t i = 0; i < rows.size(); ++i) {
        for (size_t j = 0; j < cols; ++j)
          EXPECT_EQ(dense.at(i, j), x.at(static_cast<size_t>(rows[i]), j));
      }
    });
  }
}

}  // namespace querist::kernels
