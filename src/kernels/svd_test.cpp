// The decompositions against NumPy's, against closed forms, and on matrices without full rank.
#include "kernels/svd.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "base/rng.h"
#include "kernels/orthonormal.h"

namespace querist::kernels {

struct Golden {
  Matrix a;
  std::vector<float> singular, spread;
  Matrix right, axes;
};

static Golden read_golden() {
  std::ifstream file(QUERIST_SOURCE_DIR "/tests/golden/svd.txt");
  size_t rows = 0;
  size_t cols = 0;
  size_t rank = 0;
  file >> rows >> cols >> rank;
  Golden golden{Matrix(rows, cols), std::vector<float>(rank), std::vector<float>(rank),
                Matrix(rank, cols), Matrix(rank, cols)};
  for (auto* values : {&golden.a.values, &golden.singular, &golden.right.values, &golden.spread,
                       &golden.axes.values}) {
    for (float& value : *values) file >> value;
  }
  EXPECT_TRUE(file) << "tests/golden/svd.txt is missing or short";
  return golden;
}

static Csr sparse_of(const Matrix& m) {
  Csr out;
  out.cols = m.cols;
  for (size_t i = 0; i < m.rows; ++i) {
    for (size_t j = 0; j < m.cols; ++j) {
      if (m.at(i, j) == 0) continue;
      out.columns.push_back(static_cast<int32_t>(j));
      out.values.push_back(m.at(i, j));
    }
    out.offsets.push_back(static_cast<int64_t>(out.columns.size()));
  }
  return out;
}

static double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += double{a[i]} * b[i];
  return sum;
}

static void expect_orthonormal_rows(const Matrix& m) {
  for (size_t i = 0; i < m.rows; ++i) {
    for (size_t j = 0; j <= i; ++j) EXPECT_NEAR(dot(m.row(i), m.row(j)), i == j ? 1 : 0, 2e-5);
  }
}

// Oversampling covers the whole 24-column matrix, so only float32 rounding separates us from NumPy.
TEST(Svd, AgreesWithNumPyOnDenseSparseAndHalf) {
  const Golden golden = read_golden();
  const Csr sparse = sparse_of(golden.a);
  std::vector<uint16_t> half;
  for (const float value : golden.a.values) half.push_back(float_to_half(value));
  const size_t rank = golden.singular.size();
  const auto compare = [&](const Features& features, double tolerance) {
    const Svd svd = randomized_svd(operator_of(features), rank, 11, 24);
    ASSERT_EQ(svd.singular.size(), rank);
    for (size_t i = 0; i < rank; ++i) {
      EXPECT_NEAR(svd.singular[i], golden.singular[i], tolerance * golden.singular[0]);
      EXPECT_NEAR(std::abs(dot(svd.right.row(i), golden.right.row(i))), 1, tolerance);
    }
    expect_orthonormal_rows(svd.right);
  };
  compare(golden.a, 1e-5);
  compare(sparse, 1e-5);
  compare(Features::of_half(golden.a.rows, golden.a.cols, half.data()),
          2e-3);  // 11 bits of mantissa.
}

// A projection narrower than the matrix: the power iterations make the subspace good although not
// exact.
TEST(Svd, FindsTheLeadingSubspaceThroughANarrowProjection) {
  const Golden golden = read_golden();
  const Svd svd = randomized_svd(operator_of(golden.a), 3, 5, 6, 4);
  ASSERT_EQ(svd.singular.size(), 3u);
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(svd.singular[i] / golden.singular[i], 1, 1e-2);
  expect_orthonormal_rows(svd.right);
}

TEST(Svd, StopsAtTheRankOfTheMatrix) {
  Matrix a(50, 30);
  Rng rng(8);
  for (size_t i = 0; i < 50; ++i) {
    const double x = rng.normal();
    const double y = rng.normal();
    for (size_t j = 0; j < 30; ++j)
      a.at(i, j) = static_cast<float>(x * std::sin(j) + y * std::cos(j));
  }
  const Svd svd = randomized_svd(operator_of(a), 10, 1);
  EXPECT_EQ(svd.singular.size(), 2u);
  expect_orthonormal_rows(svd.right);
}

TEST(Svd, OfZerosOrNothingHasNoDirections) {
  EXPECT_EQ(randomized_svd(operator_of(Matrix(9, 5)), 3, 1).right.rows, 0u);
  EXPECT_EQ(randomized_svd(operator_of(Matrix(0, 5)), 3, 1).right.rows, 0u);
  EXPECT_EQ(randomized_svd(operator_of(Matrix(5, 0)), 3, 1).right.rows, 0u);
}

TEST(PrincipalComponents, AgreeWithNumPy) {
  const Golden golden = read_golden();
  const Pca pca = principal_components(golden.a, golden.spread.size(), 3);
  ASSERT_EQ(pca.spread.size(), golden.spread.size());
  for (size_t i = 0; i < pca.spread.size(); ++i) {
    EXPECT_NEAR(pca.spread[i], golden.spread[i], 1e-5 * golden.spread[0]);
    EXPECT_NEAR(std::abs(dot(pca.axes.row(i), golden.axes.row(i))), 1, 1e-5);
  }
}

TEST(PrincipalComponents, OfManyColumnsAgreeWithTheSpreadsTheyWereMadeWith) {
  const size_t rows = 300;
  Matrix a(rows, 1100);
  for (size_t i = 0; i < rows; ++i) {
    // Two orthogonal square waves, of spread 8 and 2, along two disjoint sets of 100 columns.
    for (size_t j = 0; j < 100; ++j) a.at(i, j) = (i % 2 ? 0.8f : -0.8f) + 3;
    for (size_t j = 100; j < 200; ++j) a.at(i, j) = (i / 2 % 2 ? 0.2f : -0.2f);
  }
  const Pca pca = principal_components(a, 5, 3);
  ASSERT_EQ(pca.spread.size(), 2u);
  EXPECT_NEAR(pca.spread[0], 8, 1e-3);
  EXPECT_NEAR(pca.spread[1], 2, 1e-3);
  EXPECT_NEAR(pca.mean[0], 3, 1e-6);
}

TEST(PrincipalComponents, OfEqualRowsAreNone) {
  Matrix a(40, 6);
  for (float& value : a.values) value = 0.1f;
  EXPECT_EQ(principal_components(a, 3, 1).axes.rows, 0u);
  EXPECT_EQ(principal_components(Matrix(0, 6), 3, 1).axes.rows, 0u);
}

TEST(Orthonormal, DropsColumnsThatDependOnOthers) {
  Matrix m(100, 5);
  Rng rng(2);
  for (size_t i = 0; i < 100; ++i) {
    for (size_t j = 0; j < 3; ++j)
      m.at(i, j) = static_cast<float>(rng.normal() * std::pow(10.0, j));
    m.at(i, 3) = m.at(i, 0) + m.at(i, 1);
  }
  const Matrix q = orthonormal_columns(m);
  ASSERT_EQ(q.cols, 3u);
  Matrix flipped(3, 100);
  for (size_t i = 0; i < 100; ++i) {
    for (size_t j = 0; j < 3; ++j) flipped.at(j, i) = q.at(i, j);
  }
  expect_orthonormal_rows(flipped);
}

TEST(SymmetricEigen, SolvesAMatrixWithKnownValues) {
  // [[2, 1], [1, 2]] has 3 along (1, 1) and 1 along (1, -1).
  const Eigen eigen = symmetric_eigen({2, 1, 1, 2}, 2);
  EXPECT_NEAR(eigen.values[0], 3, 1e-12);
  EXPECT_NEAR(eigen.values[1], 1, 1e-12);
  EXPECT_NEAR(std::abs(eigen.vectors[0] + eigen.vectors[1]), std::sqrt(2.0), 1e-12);
  EXPECT_NEAR(eigen.vectors[2] + eigen.vectors[3], 0, 1e-12);
}

}  // namespace querist::kernels
