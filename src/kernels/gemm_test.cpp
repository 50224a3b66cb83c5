// The product door against three nested loops.
#include "kernels/gemm.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"

namespace querist::kernels {

static Matrix random_matrix(size_t rows, size_t cols, Rng& rng) {
  Matrix m(rows, cols);
  for (float& value : m.values) value = static_cast<float>(rng.normal());
  return m;
}

static float entry(const Matrix& m, Op op, size_t i, size_t j) {
  return op == Op::plain ? m.at(i, j) : m.at(j, i);
}

TEST(Gemm, AgreesWithThreeLoopsInEveryTransposition) {
  Rng rng(3);
  for (const auto& [n, k, m] :
       {std::tuple<size_t, size_t, size_t>{5, 7, 3}, {1, 40, 1}, {33, 1, 18}}) {
    for (const Op op_a : {Op::plain, Op::transposed}) {
      for (const Op op_b : {Op::plain, Op::transposed}) {
        const Matrix a = op_a == Op::plain ? random_matrix(n, k, rng) : random_matrix(k, n, rng);
        const Matrix b = op_b == Op::plain ? random_matrix(k, m, rng) : random_matrix(m, k, rng);
        Matrix c = random_matrix(n, m, rng);
        const Matrix before = c;
        gemm(op_a, op_b, 1.5f, a, b, -0.5f, c);
        for (size_t i = 0; i < n; ++i) {
          for (size_t j = 0; j < m; ++j) {
            double sum = 0;
            for (size_t l = 0; l < k; ++l)
              sum += double{entry(a, op_a, i, l)} * entry(b, op_b, l, j);
            // k products of float32 numbers around 1: rounding stays far below 1e-4.
            EXPECT_NEAR(c.at(i, j), 1.5 * sum - 0.5 * before.at(i, j), 1e-4);
          }
        }
      }
    }
  }
}

TEST(Gemm, AnEmptyInnerSideOnlyScalesTheResult) {
  Matrix c(2, 2);
  c.values = {1, 2, 3, NAN};
  gemm(Op::plain, Op::plain, 1, Matrix(2, 0), Matrix(0, 2), 0, c);
  EXPECT_EQ(c.values, std::vector<float>(4, 0));
}

TEST(Gram, IsTheProductWithItsTransposed) {
  Rng rng(8);
  for (const auto& [rows, cols] : {std::pair<size_t, size_t>{1, 1}, {5, 3}, {40, 130}}) {
    Matrix a(rows, cols), expected(rows, rows), c(rows, rows);
    for (float& value : a.values) value = static_cast<float>(rng.normal());
    gemm(Op::plain, Op::transposed, 1, a, a, 0, expected);
    gram(a, c);
    // The two sum up to 130 products of normal numbers in orders of their own.
    for (size_t i = 0; i < rows * rows; ++i) ASSERT_NEAR(c.values[i], expected.values[i], 1e-4);
  }
}

}  // namespace querist::kernels
