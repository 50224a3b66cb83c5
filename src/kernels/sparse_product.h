// Products of sparse rows with a dense matrix, in a fixed order of summation.
#pragma once

#include <span>

#include "base/matrix.h"

namespace querist::kernels {

// sum[j] += value · row[j]. Plain multiplications and additions, so every machine rounds alike.
void add_scaled(float value, std::span<const float> row, std::span<float> sum) noexcept;

// X·Y, (x.rows, y.cols); parallel over rows, and each row sums its entries in their order, so the
// result does not depend on the number of threads.
Matrix sparse_times_dense(const CsrView& x, MatrixView y);

// The transposed matrix, columns ascending.
Csr transpose(const CsrView& x);

}  // namespace querist::kernels
