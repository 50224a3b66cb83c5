// A thin door to LAPACK's factorisation and the BLAS routines that go with it.
#include "kernels/cholesky.h"

#include <cblas.h>

#include <algorithm>

#include "base/check.h"
#include "kernels/single_blas.h"

extern "C" void dpotrf_(const char* triangle, const int* n, double* a, const int* lda, int* info);

namespace querist::kernels {

bool cholesky(std::vector<double>& a, size_t n) {
  QUERIST_CHECK(a.size() == n * n);
  if (n == 0) return true;
  keep_blas_on_this_thread();
  const int size = static_cast<int>(n);
  int info = 0;
  dpotrf_("U", &size, a.data(), &size, &info);  // LAPACK's upper columns are our lower rows.
  return info == 0;
}

static void solve(CBLAS_TRANSPOSE transpose, const std::vector<double>& l, size_t n, double* rows,
                  size_t count) {
  if (n == 0 || count == 0) return;
  keep_blas_on_this_thread();
  const auto size = static_cast<blasint>(n);
  cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, transpose, CblasNonUnit,
              static_cast<blasint>(count), size, 1, l.data(), size, rows, size);
}

void solve_lower(const std::vector<double>& l, size_t n, double* rows, size_t count) {
  solve(CblasTrans, l, n, rows, count);
}

void solve_upper(const std::vector<double>& l, size_t n, double* rows, size_t count) {
  solve(CblasNoTrans, l, n, rows, count);
}

void multiply_rows(const double* a, size_t a_rows, const double* b, size_t b_rows, size_t inner,
                   double* c) {
  if (a_rows == 0 || b_rows == 0) return;
  if (inner == 0) {  // CBLAS refuses a leading dimension of 0.
    std::fill_n(c, a_rows * b_rows, 0.0);
    return;
  }
  keep_blas_on_this_thread();
  const auto depth = static_cast<blasint>(inner);
  const auto cols = static_cast<blasint>(b_rows);
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, static_cast<blasint>(a_rows), cols, depth, 1,
              a, depth, b, depth, 0, c, cols);
}

void add_gram(const double* a, size_t rows, size_t n, double* c) {
  if (rows == 0 || n == 0) return;
  keep_blas_on_this_thread();
  const auto size = static_cast<blasint>(n);
  cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, size, static_cast<blasint>(rows), 1, a, size,
              1, c, size);
}

}  // namespace querist::kernels
