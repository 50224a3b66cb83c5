// Class probabilities of a linear head over dense or half rows, in one pass over the features.
#pragma once

#include <span>

#include "base/matrix.h"

namespace querist::kernels {

// out (x.rows, weights.rows) = softmax(x · weightsᵀ + bias). weights (classes, x.cols), bias
// (classes). Bytes: the features once and 4 a probability; flops: 2 · rows · cols · classes. A
// row's result depends on that row alone, bit for bit. False if a row's scores were not finite: its
// probabilities are NaN.
bool linear_probabilities(const Features& x, MatrixView weights, std::span<const float> bias,
                          std::span<float> out);

// out (rows, classes) = x · weightsᵀ + bias, x (rows, cols) and weights (classes, cols), on the
// calling thread. A score does not depend on the rows beside its own.
void linear_scores(const float* x, size_t rows, size_t cols, const float* weights,
                   const float* bias, size_t classes, float* out);

}  // namespace querist::kernels
