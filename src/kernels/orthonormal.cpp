// Orthonormalisation by the eigenvectors of the Gram matrix: two passes over memory and all the
// work in BLAS.
#include "kernels/orthonormal.h"

#include <cblas.h>

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/error.h"
#include "kernels/gemm.h"
#include "kernels/single_blas.h"

// LAPACK's divide-and-conquer eigensolver, which OpenBLAS carries.
extern "C" void dsyevd_(const char* job, const char* triangle, const int* n, double* a,
                        const int* lda, double* w, double* work, const int* lwork, int* iwork,
                        const int* liwork, int* info);

namespace querist::kernels {

Eigen symmetric_eigen(std::vector<double> matrix, size_t n) {
  QUERIST_CHECK(matrix.size() == n * n);
  Eigen out;
  if (n == 0) return out;
  keep_blas_on_this_thread();
  std::vector<double> values(n);
  const int size = static_cast<int>(n);
  int info = 0;
  int lwork = -1;
  int liwork = -1;
  double work_size = 0;
  int iwork_size = 0;
  dsyevd_("V", "U", &size, matrix.data(), &size, values.data(), &work_size, &lwork, &iwork_size,
          &liwork, &info);
  lwork = static_cast<int>(work_size);
  liwork = iwork_size;
  std::vector<double> work(static_cast<size_t>(lwork));
  std::vector<int> iwork(static_cast<size_t>(liwork));
  dsyevd_("V", "U", &size, matrix.data(), &size, values.data(), work.data(), &lwork, iwork.data(),
          &liwork, &info);
  if (info != 0) fail(Code::internal, "the eigenvalue solver failed with code {}", info);
  // LAPACK answers ascending, one vector a column of a column-major matrix: row n-1 is the largest.
  out.values.assign(values.rbegin(), values.rend());
  out.vectors.resize(n * n);
  for (size_t i = 0; i < n; ++i) {
    std::copy_n(matrix.begin() + static_cast<std::ptrdiff_t>((n - 1 - i) * n), n,
                out.vectors.begin() + static_cast<std::ptrdiff_t>(i * n));
  }
  return out;
}

std::vector<double> gram(MatrixView m) {
  const auto cols = static_cast<blasint>(m.cols);
  std::vector<double> sum(m.cols * m.cols);
  if (m.cols == 0) return sum;
  keep_blas_on_this_thread();
  constexpr size_t block = 2048;  // Rows widened to double at a time.
  std::vector<double> wide;
  for (size_t begin = 0; begin < m.rows; begin += block) {
    const size_t rows = std::min(block, m.rows - begin);
    wide.assign(m.values + begin * m.cols, m.values + (begin + rows) * m.cols);
    cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, cols, static_cast<blasint>(rows), 1,
                wide.data(), cols, 1, sum.data(), cols);
  }
  for (size_t i = 0; i < m.cols; ++i) {
    for (size_t j = 0; j < i; ++j) sum[i * m.cols + j] = sum[j * m.cols + i];
  }
  return sum;
}

static Matrix one_pass(MatrixView m) {
  const Eigen eigen = symmetric_eigen(gram(m), m.cols);
  // Directions below float's resolution of the largest are noise.
  const double floor = eigen.values.empty() ? 0 : std::max(eigen.values[0], 0.0) * 1e-12;
  size_t rank = 0;
  while (rank < eigen.values.size() && eigen.values[rank] > floor) ++rank;
  Matrix turn(m.cols, rank);
  for (size_t j = 0; j < rank; ++j) {
    const double scale = 1 / std::sqrt(eigen.values[j]);
    for (size_t i = 0; i < m.cols; ++i) {
      turn.at(i, j) = static_cast<float>(eigen.vectors[j * m.cols + i] * scale);
    }
  }
  Matrix out(m.rows, rank);
  gemm(Op::plain, Op::plain, 1, m, turn, 0, out);
  return out;
}

Matrix orthonormal_columns(MatrixView m) { return one_pass(one_pass(m)); }

}  // namespace querist::kernels
