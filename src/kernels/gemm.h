// Dense matrix products: a thin door to CBLAS.
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

}  // namespace querist::kernels
