// Distances against their definition, on every kind of processor that this one can play.
#include "kernels/row_distances.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "kernels/every_target_fixture.h"

namespace querist::kernels {

static Matrix random_rows(size_t rows, size_t cols, uint64_t seed) {
  Rng rng(seed);
  Matrix m(rows, cols);
  for (float& v : m.values) v = static_cast<float>(rng.normal());
  return m;
}

// (a.rows, b.rows) by the kernel.
static Matrix distances(const Matrix& a, const Matrix& b) {
  Matrix out(a.rows, b.rows);
  const auto a_norms = row_norms(a);
  const auto b_norms = row_norms(b);
  row_distances({a, a_norms}, {b, b_norms}, out.values.data());
  return out;
}

static void expect_definition(const Matrix& a, const Matrix& b) {
  const Matrix found = distances(a, b);
  for (size_t i = 0; i < a.rows; ++i) {
    for (size_t j = 0; j < b.rows; ++j) {
      double sum = 0;
      for (size_t k = 0; k < a.cols; ++k) sum += std::pow(double{a.at(i, k)} - b.at(j, k), 2);
      // The sum of norms less twice the product: single precision of numbers of the norms' size.
      EXPECT_NEAR(found.at(i, j), sum, 1e-6 * (10.0 + 8.0 * static_cast<double>(a.cols)));
    }
  }
}

TEST(RowDistances, EqualTheDefinitionForEveryShapeAndVectorWidth) {
  on_every_target([&] {
    for (const size_t cols : {1u, 3u, 8u, 17u, 33u, 130u}) {
      for (const size_t rows : {1u, 2u, 5u, 7u, 23u}) {
        expect_definition(random_rows(rows, cols, 1), random_rows(11 + rows, cols, 2));
      }
    }
  });
}

TEST(RowDistances, DependOnTheTwoRowsAlone) {
  const Matrix a = random_rows(300, 384, 3);
  const Matrix b = random_rows(41, 384, 4);
  const Matrix all = distances(a, b);
  for (const size_t i : {0u, 1u, 150u, 299u}) {
    Matrix one(1, a.cols);
    std::copy(a.row(i).begin(), a.row(i).end(), one.values.begin());
    const Matrix alone = distances(one, b);
    const Matrix turned = distances(b, one);
    for (size_t j = 0; j < b.rows; ++j) {
      EXPECT_EQ(alone.at(0, j), all.at(i, j));
      EXPECT_EQ(turned.at(j, 0), all.at(i, j));
    }
  }
}

TEST(RowDistances, OfARowFromItselfAreZeroAndNoneIsNegative) {
  Matrix a = random_rows(64, 100, 5);
  std::copy_n(a.row(3).begin(), 100, a.row(40).begin());
  const Matrix found = distances(a, a);
  for (size_t i = 0; i < a.rows; ++i) EXPECT_EQ(found.at(i, i), 0);
  EXPECT_EQ(found.at(3, 40), 0);
  for (const float d : found.values) EXPECT_GE(d, 0);
}

}  // namespace querist::kernels
