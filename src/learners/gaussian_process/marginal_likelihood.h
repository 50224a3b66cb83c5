// How likely targets are under a Gaussian process, and the kernel that makes them likeliest.
#pragma once

#include <span>
#include <vector>

#include "base/progress.h"

namespace querist::learners {

// Covariance of targets i and j: variance · (exp(-|x_i - x_j|² / (2 length_scale²)) + noise / w_i
// where i = j). 0 where it is to be chosen.
struct ProcessKernel {
  double length_scale = 0;
  double noise = 0;     // By the variance.
  double variance = 0;  // Of the normalised targets.

  double gamma() const { return 0.5 / (length_scale * length_scale); }
};

inline constexpr double least_noise = 1e-10;  // Keeps the covariance positive definite in double.

// The factor of R + noise: correlations in, L out (lower triangle). False: not positive definite.
bool factorise(std::vector<double>& correlations, double noise, std::span<const float> weights);

// log p(y) given L; a variance of 0 is replaced by its maximum-likelihood value y' (L L')⁻¹ y / n.
double log_marginal_likelihood(const std::vector<double>& factor, std::span<const double> y,
                               double& variance);

// Fills in what is 0: length_scale and noise by the likelihood of y (Rasmussen and Williams 2006,
// 5.4.1), from squared distances (n, n); the variance stays as it is. A grid, then the simplex
// method (Nelder and Mead 1965).
void choose_kernel(const std::vector<double>& squared_distances, std::span<const double> y,
                   std::span<const float> weights, const Progress& progress, ProcessKernel& kernel);

}  // namespace querist::learners
