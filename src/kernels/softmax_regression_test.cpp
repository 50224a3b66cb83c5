// Every vector width against plain loops, and a row's score whatever stands beside it.
#include "kernels/softmax_regression.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "kernels/every_target_fixture.h"

namespace querist::kernels {

static std::vector<float> random_floats(size_t n, uint64_t seed) {
  Rng rng(seed);
  std::vector<float> out(n);
  for (float& value : out) value = static_cast<float>(rng.normal());
  return out;
}

static void compare_products(size_t rows, size_t cols, size_t heads) {
  const auto x = random_floats(rows * cols, 1);
  const auto w = random_floats(heads * cols, 2);
  const auto bias = random_floats(heads, 3);
  const auto residuals = random_floats(rows * heads, 4);
  std::vector<float> scores(rows * heads);
  std::vector<float> gradient(heads * cols, 1);
  dense_scores(x.data(), rows, cols, w.data(), bias.data(), heads, scores.data());
  add_outer_products(x.data(), rows, cols, residuals.data(), heads, gradient.data());
  // Sums of `cols` (or `rows`) products of standard normals in float32: rounding below 1e-6 a term.
  for (size_t i = 0; i < rows; ++i) {
    for (size_t k = 0; k < heads; ++k) {
      double sum = bias[k];
      for (size_t j = 0; j < cols; ++j) {
        sum += static_cast<double>(x[i * cols + j]) * static_cast<double>(w[k * cols + j]);
      }
      ASSERT_NEAR(scores[i * heads + k], sum, 1e-6 * static_cast<double>(cols + 4));
    }
  }
  for (size_t k = 0; k < heads; ++k) {
    for (size_t j = 0; j < cols; ++j) {
      double sum = 1;
      for (size_t i = 0; i < rows; ++i) {
        sum += static_cast<double>(x[i * cols + j]) * static_cast<double>(residuals[i * heads + k]);
      }
      ASSERT_NEAR(gradient[k * cols + j], sum, 1e-6 * static_cast<double>(rows + 4));
    }
  }
}

TEST(SoftmaxRegressionKernel, MatchesPlainLoopsOnEveryTarget) {
  on_every_target([] {
    for (const size_t cols : {1, 3, 8, 16, 17, 40, 384}) {
      for (const size_t heads : {1, 2, 3, 4, 5, 10}) compare_products(7, cols, heads);
    }
    compare_products(1, 1, 1);
    compare_products(65, 31, 7);
  });
}

TEST(SoftmaxRegressionKernel, ScoresARowTheSameInAnyBatch) {
  on_every_target([] {
    const size_t cols = 37;
    const size_t heads = 5;
    const auto x = random_floats(11 * cols, 5);
    const auto w = random_floats(heads * cols, 6);
    const auto bias = random_floats(heads, 7);
    std::vector<float> together(11 * heads);
    std::vector<float> alone(heads);
    dense_scores(x.data(), 11, cols, w.data(), bias.data(), heads, together.data());
    for (size_t i = 0; i < 11; ++i) {
      dense_scores(x.data() + i * cols, 1, cols, w.data(), bias.data(), heads, alone.data());
      for (size_t k = 0; k < heads; ++k) ASSERT_EQ(alone[k], together[i * heads + k]);
    }
  });
}

TEST(SoftmaxRegressionKernel, WidensEveryHalf) {
  std::vector<uint16_t> halves(65536);
  for (size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<uint16_t>(i);
  std::vector<float> wide(halves.size());
  on_every_target([&] {
    widen_halves(halves.data(), halves.size() - 3, wide.data());
    for (size_t i = 0; i < halves.size() - 3; ++i) {
      const float expected = half_to_float(halves[i]);
      if (!std::isfinite(expected)) continue;
      ASSERT_EQ(wide[i], expected) << i;
    }
  });
}

TEST(SoftmaxRegressionKernel, TreatsSparseRowsLikeDenseOnes) {
  const size_t heads = 3;
  Csr sparse;
  sparse.cols = 6;
  std::vector<float> dense(4 * 6);
  const std::vector<std::vector<int32_t>> filled = {{0, 5}, {}, {1, 2, 3}, {4}};
  for (size_t i = 0; i < filled.size(); ++i) {
    for (const int32_t j : filled[i]) {
      sparse.columns.push_back(j);
      sparse.values.push_back(static_cast<float>(i) + 0.5f);
      dense[i * 6 + static_cast<size_t>(j)] = static_cast<float>(i) + 0.5f;
    }
    sparse.offsets.push_back(static_cast<int64_t>(sparse.columns.size()));
  }
  const auto by_head = random_floats(heads * 6, 8);
  std::vector<float> by_column(heads * 6);
  for (size_t k = 0; k < heads; ++k) {
    for (size_t j = 0; j < 6; ++j) by_column[j * heads + k] = by_head[k * 6 + j];
  }
  const auto bias = random_floats(heads, 9);
  std::vector<float> expected(4 * heads);
  std::vector<float> scores(3 * heads);
  dense_scores(dense.data(), 4, 6, by_head.data(), bias.data(), heads, expected.data());
  sparse_scores(sparse, 1, 4, by_column.data(), bias.data(), heads, scores.data());
  for (size_t i = 0; i < scores.size(); ++i) EXPECT_NEAR(scores[i], expected[heads + i], 1e-5);

  const auto residuals = random_floats(3 * heads, 10);
  std::vector<float> dense_gradient(heads * 6);
  std::vector<float> gradient(heads * 6);
  add_outer_products(dense.data() + 6, 3, 6, residuals.data(), heads, dense_gradient.data());
  add_sparse_outer_products(sparse, 1, 4, residuals.data(), heads, gradient.data());
  for (size_t k = 0; k < heads; ++k) {
    for (size_t j = 0; j < 6; ++j) {
      EXPECT_NEAR(gradient[j * heads + k], dense_gradient[k * 6 + j], 1e-5);
    }
  }
}

// Bit for bit what a sum entry by entry gives, whatever rows lie beside one another.
TEST(SoftmaxRegressionKernel, SumsOneHeadOfSparseRowsInTheOrderOfTheirEntries) {
  Rng rng(11);
  for (const size_t rows : {1, 4, 7, 9}) {
    Csr x;
    x.cols = 50;
    for (size_t i = 0; i < rows; ++i) {
      for (uint64_t e = 0, entries = rng.below(20); e < entries; ++e) {
        x.columns.push_back(static_cast<int32_t>(rng.below(50)));
        x.values.push_back(static_cast<float>(rng.normal()));
      }
      x.offsets.push_back(static_cast<int64_t>(x.columns.size()));
    }
    const auto weights = random_floats(50, 12);
    const float bias = 0.25f;
    std::vector<float> scores(rows);
    sparse_scores(x, 0, rows, weights.data(), &bias, 1, scores.data());
    for (size_t i = 0; i < rows; ++i) {
      float sum = bias;
      for (auto at = x.offsets[i]; at < x.offsets[i + 1]; ++at) {
        const auto place = static_cast<size_t>(at);
        sum += x.values[place] * weights[static_cast<size_t>(x.columns[place])];
      }
      EXPECT_EQ(scores[i], sum) << "row " << i << " of " << rows;
    }
  }
}

}  // namespace querist::kernels
