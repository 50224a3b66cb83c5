// The products that a linear softmax head needs: scores of a block of rows, and the gradient they
// send back.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/matrix.h"

namespace querist::kernels {

// scores[i * heads + k] = x_i · weights_k + bias_k, row-major throughout. A score depends on its
// own row only, bit for bit: not on the rows beside it, so cutting a batch differently changes
// nothing.
void dense_scores(const float* x, size_t rows, size_t cols, const float* weights, const float* bias,
                  size_t heads, float* scores);

// gradient[k * cols + j] += sum over rows of residuals[i * heads + k] * x[i * cols + j].
void add_outer_products(const float* x, size_t rows, size_t cols, const float* residuals,
                        size_t heads, float* gradient);

// The same for the rows [begin, end) of a sparse matrix; weights and gradient lie by column:
// [column][head].
void sparse_scores(const CsrView& x, size_t begin, size_t end, const float* weights,
                   const float* bias, size_t heads, float* scores);
void add_sparse_outer_products(const CsrView& x, size_t begin, size_t end, const float* residuals,
                               size_t heads, float* gradient);

// IEEE binary16 bits to floats.
void widen_halves(const uint16_t* halves, size_t count, float* out);

}  // namespace querist::kernels
