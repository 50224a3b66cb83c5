// Kernel ridge regression on one-hot labels less 1 / classes, under a Gaussian kernel: the mean of
// a Gaussian process with noise of the variance λ, and the nearest relative of a support vector
// machine whose refit is exact algebra. With S = K_LL + λI a row u has the scores
// f(u) = 1/C + k_uᵀ S⁻¹ (Y - 1/C), and a new row x of class y moves them by
// c(u,x) / (λ + c(x,x)) · (e_y - f(x)), where c(u,x) = k(u,x) - k_uᵀ S⁻¹ k_x (Rasmussen and
// Williams 2006, 2.25).
#pragma once

#include <vector>

#include "data/pool.h"
#include "kernels/rbf.h"

namespace querist::strategies {

struct KernelRidge {
  double gamma = 1;
  double lambda = 1;
  kernels::PackedRows rows;     // Those with a label, L of them.
  std::vector<double> factor;   // Of S, (L, L).
  std::vector<double> weights;  // S⁻¹ (Y - 1/C), (classes, L).
};

// gamma 0 stands for one by the variance of a row, all columns together: over standardised columns
// that is one by their number, and it fits embeddings of unit length as well.
double kernel_ridge_gamma(double given, const Features& x);

// Throws invalid_argument where S has no factor: lambda is too small then.
KernelRidge fit_kernel_ridge(const Pool& pool, double gamma, double lambda);

// k of each row, (rows.size(), L), which the two below read.
std::vector<double> kernel_ridge_known(const KernelRidge& model, const Pool& pool,
                                       std::span<const int64_t> rows);
// The scores of rows, (rows, classes).
std::vector<double> kernel_ridge_scores(const KernelRidge& model, size_t classes,
                                        const std::vector<double>& known, size_t rows);
// S⁻¹ k of each row, (rows, L).
std::vector<double> kernel_ridge_solved(const KernelRidge& model, std::vector<double> known,
                                        size_t rows);

// c of each of `rows`, whose S⁻¹ k is given, with each of `targets`: (rows.size(), targets.size()).
std::vector<double> kernel_ridge_covariance(const KernelRidge& model, const Pool& pool,
                                            std::span<const int64_t> rows,
                                            const std::vector<double>& solved,
                                            std::span<const int64_t> targets);

}  // namespace querist::strategies
