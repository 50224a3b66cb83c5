// Dense matrix products: a thin door to CBLAS, on the calling thread.
#pragma once

#include <cstddef>

#include "base/matrix.h"

namespace querist::kernels {

enum class Op { plain, transposed };

// C = alpha·op(A)·op(B) + beta·C, row-major. C must have the product's shape, and the inner sizes
// must agree (checked).
void gemm(Op op_a, Op op_b, float alpha, MatrixView a, MatrixView b, float beta, Matrix& c);

// How many threads one product may use. Small products stay on one thread by themselves.
void set_blas_threads(size_t count);

// While one of these lives, BLAS and LAPACK work on their caller's thread alone: many small steps
// on several threads cost more in waiting for each other than they win, many times more on a busy
// machine.
class OneBlasThread {
 public:
  OneBlasThread();
  ~OneBlasThread();
  OneBlasThread(const OneBlasThread&) = delete;
  OneBlasThread& operator=(const OneBlasThread&) = delete;
};

}  // namespace querist::kernels
