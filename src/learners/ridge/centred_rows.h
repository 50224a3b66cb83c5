// Feature rows as least squares sees them: less their weighted mean, times the root of their
// weight.
#pragma once

#include <span>
#include <vector>

#include "base/matrix.h"

namespace querist::learners {

// The matrix A of rows √w (x - mean) in double precision; x must outlive it. It is never stored
// whole: each question below reads x once.
class CentredRows {
 public:
  // Positive weights, one a row; empty: all 1.
  CentredRows(const Features& x, std::span<const float> weights);

  size_t rows() const { return x_.rows; }
  size_t cols() const { return x_.cols; }
  const std::vector<double>& roots() const { return roots_; }  // √w, one a row.
  const std::vector<double>& mean() const { return mean_; }    // One a column.
  double total() const { return total_; }                      // The sum of the weights.

  // AᵀA, (cols, cols). Flops: rows · cols² (sparse: the sum of the rows' squared entries).
  std::vector<double> gram() const;
  // A Aᵀ, (rows, rows). Flops: rows² · cols.
  std::vector<double> row_products() const;
  // A·beta, one a row, and Aᵀ·r, one a column.
  std::vector<double> times(std::span<const double> beta) const;
  std::vector<double> transposed_times(std::span<const double> r) const;

 private:
  bool is_sparse() const { return x_.kind == Features::Kind::sparse; }
  float value(size_t i, size_t j) const {
    const size_t at = i * x_.cols + j;
    return x_.kind == Features::Kind::half ? half_to_float(x_.half[at]) : x_.dense[at];
  }
  std::vector<double> sparse_gram() const;
  std::vector<double> sparse_row_products() const;
  std::vector<double> weighted_sum(std::span<const double> shares) const;

  Features x_;
  std::vector<double> roots_;
  std::vector<double> mean_;
  double total_ = 0;
};

}  // namespace querist::learners
