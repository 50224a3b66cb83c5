// Cholesky factors of symmetric positive definite matrices, and products in double precision.
#pragma once

#include <cstddef>
#include <vector>

namespace querist::kernels {

// Replaces the lower triangle of a, (n, n) row-major, by L with a = L Lᵀ; the rest is left as it
// was. False where a is not positive definite. Flops: n³/3, on the calling thread.
bool cholesky(std::vector<double>& a, size_t n);

// Replaces each of `count` rows of n numbers by L⁻¹ row. Flops: n² a row. The result of a row may
// depend in its last bits on how many rows come together.
void solve_lower(const std::vector<double>& l, size_t n, double* rows, size_t count);
// Replaces each row by L⁻ᵀ row: after solve_lower, by (L Lᵀ)⁻¹ row.
void solve_upper(const std::vector<double>& l, size_t n, double* rows, size_t count);

// c (a_rows, b_rows) = a bᵀ; a (a_rows, inner), b (b_rows, inner), all row-major.
void multiply_rows(const double* a, size_t a_rows, const double* b, size_t b_rows, size_t inner,
                   double* c);
// c (n, n) += aᵀ a; a (rows, n). Only the lower triangle of c is written.
void add_gram(const double* a, size_t rows, size_t n, double* c);

}  // namespace querist::kernels
