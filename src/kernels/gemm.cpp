// The plain dense products of CBLAS, each on the thread that asks for it.
#include "kernels/gemm.h"

#include <cblas.h>

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "kernels/single_blas.h"

namespace querist::kernels {

static CBLAS_TRANSPOSE flag(Op op) { return op == Op::plain ? CblasNoTrans : CblasTrans; }

void gemm(Op op_a, Op op_b, float alpha, MatrixView a, MatrixView b, float beta, Matrix& c) {
  const size_t rows = op_a == Op::plain ? a.rows : a.cols;
  const size_t inner = op_a == Op::plain ? a.cols : a.rows;
  const size_t cols = op_b == Op::plain ? b.cols : b.rows;
  QUERIST_CHECK(inner == (op_b == Op::plain ? b.rows : b.cols));
  QUERIST_CHECK(c.rows == rows && c.cols == cols);
  constexpr size_t most = std::numeric_limits<blasint>::max();
  QUERIST_CHECK(std::max({rows, inner, cols, a.cols, b.cols}) <= most);
  if (rows == 0 || cols == 0) return;
  keep_blas_on_this_thread();
  if (inner == 0) {  // CBLAS refuses a leading dimension of 0.
    for (float& value : c.values) value = beta == 0 ? 0 : value * beta;
    return;
  }
  cblas_sgemm(CblasRowMajor, flag(op_a), flag(op_b), static_cast<blasint>(rows),
              static_cast<blasint>(cols), static_cast<blasint>(inner), alpha, a.values,
              static_cast<blasint>(a.cols), b.values, static_cast<blasint>(b.cols), beta,
              c.values.data(), static_cast<blasint>(cols));
}

void gram(MatrixView a, Matrix& c) {
  QUERIST_CHECK(c.rows == a.rows && c.cols == a.rows && a.cols > 0);
  QUERIST_CHECK(std::max(a.rows, a.cols) <= size_t{std::numeric_limits<blasint>::max()});
  keep_blas_on_this_thread();
  const auto n = static_cast<blasint>(a.rows);
  const auto cols = static_cast<blasint>(a.cols);
  cblas_ssyrk(CblasRowMajor, CblasLower, CblasNoTrans, n, cols, 1, a.values, cols, 0,
              c.values.data(), n);
  for (size_t i = 0; i < a.rows; ++i) {
    for (size_t j = 0; j < i; ++j) c.at(j, i) = c.at(i, j);
  }
}

}  // namespace querist::kernels
