// Sparse products and transposition against dense loops.
#include "kernels/sparse_product.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace querist::kernels {

// Every third row is empty, and so is the last column.
static Csr random_sparse(size_t rows, size_t cols, Rng& rng) {
  Csr out;
  out.cols = cols;
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; i % 3 != 2 && j + 1 < cols; ++j) {
      if (rng.uniform() > 0.3) continue;
      out.columns.push_back(static_cast<int32_t>(j));
      out.values.push_back(static_cast<float>(rng.normal()));
    }
    out.offsets.push_back(static_cast<int64_t>(out.columns.size()));
  }
  return out;
}

static Matrix densify(const CsrView& x) {
  Matrix out(x.rows, x.cols);
  for (size_t i = 0; i < x.rows; ++i) {
    for (int64_t at = x.offsets[i]; at < x.offsets[i + 1]; ++at) {
      out.at(i, static_cast<size_t>(x.columns[at])) = x.values[at];
    }
  }
  return out;
}

TEST(SparseProduct, AgreesWithThreeLoops) {
  Rng rng(1);
  const Csr x = random_sparse(200, 31, rng);
  const Matrix full = densify(x);
  for (const size_t width : {1, 16, 37}) {
    Matrix y(31, width);
    for (float& value : y.values) value = static_cast<float>(rng.normal());
    const Matrix got = sparse_times_dense(x, y);
    for (size_t i = 0; i < 200; ++i) {
      for (size_t j = 0; j < width; ++j) {
        double sum = 0;
        for (size_t k = 0; k < 31; ++k) sum += double{full.at(i, k)} * y.at(k, j);
        EXPECT_NEAR(got.at(i, j), sum, 1e-5);  // About ten products around 1 in float32.
      }
    }
  }
}

TEST(SparseProduct, TransposesASliceThatDoesNotStartAtZero) {
  Rng rng(2);
  const Csr x = random_sparse(20, 9, rng);
  const CsrView tail(12, 9, x.offsets.data() + 8, x.columns.data(), x.values.data());
  const Csr flipped = transpose(tail);
  EXPECT_EQ(flipped.rows(), 9u);
  EXPECT_EQ(flipped.cols, 12u);
  const Matrix want = densify(tail);
  const Matrix got = densify(flipped);
  for (size_t i = 0; i < 12; ++i) {
    for (size_t j = 0; j < 9; ++j) EXPECT_EQ(got.at(j, i), want.at(i, j));
  }
}

TEST(SparseProduct, TransposesNothingIntoNothing) {
  Csr none;
  none.cols = 4;
  const Csr flipped = transpose(none);
  EXPECT_EQ(flipped.rows(), 4u);
  EXPECT_TRUE(flipped.values.empty());
}

}  // namespace querist::kernels
