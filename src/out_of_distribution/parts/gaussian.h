// Normal distributions that share a covariance, shrunk so that it can be inverted (Ledoit and Wolf
// 2004).
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/matrix.h"
#include "base/params.h"

namespace querist::out_of_distribution {

// Calls with float64 copies of consecutive rows, (count, cols) from row `begin` on.
void each_block(const Features& x,
                const std::function<void(size_t begin, size_t count, double* rows)>& use);

struct ClassMeans {
  std::vector<double> all;      // (d): the mean of all rows.
  std::vector<double> classes;  // (classes that have a row, d), by class id ascending.
  std::vector<size_t> of_row;   // Which of those each row belongs to.
};
ClassMeans class_means(const Features& x, std::span<const int32_t> labels);

// (1 - s) S + s m I, (d, d), lower triangle, where S is the mean of x xᵀ over rows less the mean of
// their class, and m the mean of its diagonal. shrinkage s in (0, 1]; 0: the one of least expected
// squared error by Ledoit and Wolf. Rows without any spread give the identity.
std::vector<double> shrunk_covariance(const Features& x, const ClassMeans& means, double shrinkage);

// Adds to a covariance within classes that of the classes' means, weighted by their rows: that of
// all rows. Directions without a difference between classes keep what they had.
void add_between_classes(const ClassMeans& means, size_t d, std::vector<double>& covariance);

// Its Cholesky factor L, with a little more on the diagonal where it is singular.
std::vector<double> factor_of(const std::vector<double>& covariance, size_t d);

// The share s that Ledoit and Wolf give: of n rows of d columns, their second moments S (d, d),
// lower triangle, and the sum over rows of |row|^4.
double ledoit_wolf_shrinkage(const std::vector<double>& moments, size_t d, size_t n,
                             double fourth_powers);

// Overwrites each of `count` rows by L⁻¹ (row - mean): distances are then those of Mahalanobis.
void whiten(const std::vector<double>& factor, std::span<const double> mean, double* rows,
            size_t count);

// Of each whitened row its least squared distance to whitened means, (k, d).
void least_distances(const double* rows, size_t count, std::span<const double> means, size_t d,
                     double* out);

ParamSpecs shrinkage_params();

}  // namespace querist::out_of_distribution
