// Dense matrix products: a thin door to CBLAS, on the calling thread.
#pragma once

#include <cstddef>

#include "base/matrix.h"

namespace querist::kernels {

enum class Op { plain, transposed };

// C = alpha·op(A)·op(B) + beta·C, row-major. C must have the product's shape, and the inner sizes
// must agree (checked).
void gemm(Op op_a, Op op_b, float alpha, MatrixView a, MatrixView b, float beta, Matrix& c);

// c (a.rows, a.rows) = a · aᵀ: half the work of the general product.
void gram(MatrixView a, Matrix& c);

}  // namespace querist::kernels
