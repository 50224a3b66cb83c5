// The radius that ProbCover gives itself, against a count of the pure balls over all pairs.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "strategies/clustering/clustering.h"
#include "strategies/prob_cover/purity.h"
#include "strategies/strategy.h"

namespace querist::strategies {

static Matrix blobs(size_t rows, size_t cols, Rng& rng) {
  Matrix x(rows, cols);
  for (size_t i = 0; i < rows; ++i) {
    for (float& v : x.row(i))
      v = static_cast<float>(rng.normal()) + 3 * static_cast<float>(i % 3 == 0);
  }
  return x;
}

static Pool pool_of(const Matrix& x, std::span<const int64_t> rows) {
  Pool pool;
  pool.size = x.rows;
  pool.candidates = rows;
  pool.embeddings = x;
  return pool;
}

static double pure_share(const Matrix& x, std::span<const int32_t> cluster, double radius) {
  size_t pure = 0;
  for (size_t i = 0; i < x.rows; ++i) {
    bool is_pure = true;
    for (size_t j = 0; j < x.rows && is_pure; ++j) {
      double squared = 0;
      for (size_t k = 0; k < x.cols; ++k)
        squared += std::pow(double{x.at(i, k)} - double{x.at(j, k)}, 2);
      is_pure = cluster[i] == cluster[j] || squared > radius * radius;
    }
    pure += is_pure;
  }
  return static_cast<double>(pure) / static_cast<double>(x.rows);
}

// Pools of less than 1,000 rows, so that a ball lies around each of them.
TEST(ProbCoverRadius, IsTheLargestThatKeepsTheBallsPure) {
  Rng rng(1);
  for (int trial = 0; trial < 200; ++trial) {
    const Matrix x = blobs(2 + rng.below(100), 1 + rng.below(5), rng);
    std::vector<int64_t> rows(x.rows);
    std::iota(rows.begin(), rows.end(), 0);
    const size_t clusters = std::min(x.rows, 2 + rng.below(4));
    const double purity = trial % 4 == 0 ? 1.0 : 0.3 + 0.69 * rng.uniform();
    const double radius = pure_radius(pool_of(x, rows), clusters, purity);
    Rng same(mix_seed(x.rows, 4));
    const auto cluster = cluster_rows(x, rows, {}, clusters, 100, same).cluster;
    ASSERT_GT(radius, 0);
    // float32's rounding of a distance lies well within 0.1 %.
    EXPECT_GE(pure_share(x, cluster, radius * 0.999), purity) << trial;
    EXPECT_LT(pure_share(x, cluster, radius * 1.001), purity) << trial;
  }
}

TEST(ProbCoverRadius, IsNothingWhereAllRowsAreOneCluster) {
  Matrix x(20, 3);
  std::ranges::fill(x.values, 0.5f);
  std::vector<int64_t> rows(20);
  std::iota(rows.begin(), rows.end(), 0);
  EXPECT_EQ(pure_radius(pool_of(x, rows), 3, 0.95), 0);
}

}  // namespace querist::strategies
