// Neighbour distances against all pairs in double precision.
#include "kernels/neighbors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/rng.h"
#include "base/threads.h"
#include "kernels/every_target_fixture.h"

namespace querist::kernels {

static Matrix normal_rows(size_t rows, size_t cols, float offset, Rng& rng) {
  Matrix x(rows, cols);
  for (float& v : x.values) v = offset + static_cast<float>(rng.normal());
  return x;
}

static std::vector<double> all_distances(const Matrix& x, std::span<const int64_t> rows, size_t i) {
  std::vector<double> out;
  for (size_t other = 0; other < rows.size(); ++other) {
    if (other == i) continue;
    double sum = 0;
    for (size_t j = 0; j < x.cols; ++j) {
      sum += std::pow(double{x.at(static_cast<size_t>(rows[i]), j)} -
                          double{x.at(static_cast<size_t>(rows[other]), j)},
                      2);
    }
    out.push_back(std::sqrt(sum));
  }
  std::sort(out.begin(), out.end());
  return out;
}

TEST(Neighbors, AreThoseOfAllPairs) {
  Rng rng(3);
  for (int trial = 0; trial < 120; ++trial) {
    const size_t n = 1 + rng.below(260);
    const Matrix x = normal_rows(n, 1 + rng.below(70), trial % 3 ? 0.0f : 50.0f, rng);
    const auto rows = rng.sample(n, 1 + rng.below(n));
    const size_t k = 1 + rng.below(25);
    on_every_target([&] {
      const Matrix found = neighbor_table(x, rows, k);
      ASSERT_EQ(found.rows, rows.size());
      ASSERT_EQ(found.cols, std::min(k, rows.size() - 1));
      for (size_t i = 0; i < found.rows; ++i) {
        const auto expected = all_distances(x, rows, i);
        // Differences of floats near 50 are exact to 4e-6; rows of 70 columns add up few of those.
        for (size_t j = 0; j < found.cols; ++j) EXPECT_NEAR(found.at(i, j), expected[j], 1e-4);
      }
    });
  }
}

TEST(Neighbors, AreNamedByTheirPlaces) {
  Rng rng(5);
  for (int trial = 0; trial < 60; ++trial) {
    const size_t n = 2 + rng.below(90);
    const Matrix x = normal_rows(n, 1 + rng.below(9), 0, rng);
    const auto rows = rng.sample(n, 2 + rng.below(n - 1));
    const auto lists = neighbor_lists(x, rows, 1 + rng.below(9));
    const Matrix table = neighbor_table(x, rows, lists.k);
    for (size_t i = 0; i < rows.size(); ++i) {
      std::vector<int32_t> seen;
      for (size_t j = 0; j < lists.k; ++j) {
        const int32_t other = lists.indices[i * lists.k + j];
        ASSERT_TRUE(other >= 0 && static_cast<size_t>(other) < rows.size());
        EXPECT_NE(static_cast<size_t>(other), i);
        EXPECT_EQ(std::find(seen.begin(), seen.end(), other), seen.end());
        seen.push_back(other);
        double sum = 0;
        for (size_t d = 0; d < x.cols; ++d) {
          sum +=
              std::pow(double{x.at(static_cast<size_t>(rows[i]), d)} -
                           double{x.at(static_cast<size_t>(rows[static_cast<size_t>(other)]), d)},
                       2);
        }
        EXPECT_NEAR(lists.squared[i * lists.k + j], sum, 1e-5 * (1 + sum));  // Sums of few floats.
        EXPECT_EQ(table.at(i, j), std::sqrt(lists.squared[i * lists.k + j]));
      }
    }
  }
}

TEST(Neighbors, AreTheSameOnOneThreadAndForHalves) {
  Rng rng(4);
  Matrix x = normal_rows(500, 33, 0, rng);
  std::vector<uint16_t> bits;
  for (float& v : x.values) {
    bits.push_back(float_to_half(v));
    v = half_to_float(bits.back());
  }
  const auto rows = rng.sample(500, 400);
  const Matrix many = neighbor_table(x, rows, 9);
  set_threads(1);
  EXPECT_EQ(neighbor_table(x, rows, 9).values, many.values);
  set_threads(0);
  EXPECT_EQ(neighbor_table(Features::of_half(500, 33, bits.data()), rows, 9).values, many.values);
}

TEST(Neighbors, OfOneRowAreNone) {
  const Matrix x(1, 4);
  const std::vector<int64_t> rows = {0};
  EXPECT_EQ(neighbor_table(x, rows, 5).cols, 0u);
}

}  // namespace querist::kernels
