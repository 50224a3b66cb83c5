// Fits a linear softmax head within the span of its rows: a weight vector is a sum of rows, so
// that few rows of many columns cost what the rows cost (Kimeldorf and Wahba 1971).
#pragma once

#include <span>
#include <vector>

#include "base/progress.h"
#include "learners/logistic_regression/softmax_problem.h"

namespace querist::learners {

// Rows that many fits share. Keeps a reference to them: dense or sparse, never half.
class RowSpace {
 public:
  // Whether a head on these rows had better be fitted here: few rows, more columns.
  static bool suits(const Features& rows);

  // products: about how many will be asked for with so many heads; it decides whether the rows'
  // products with each other are worth being kept, rows² numbers.
  RowSpace(const Features& rows, size_t heads, double products);

  const Features& features() const { return features_; }
  size_t stride() const { return stride_; }  // Rows, filled up to a multiple of 8.
  double mean_square_norm() const { return mean_square_norm_; }

  // Scores of all rows under the heads Σ coefficients * row; both are (heads, stride).
  void score(std::span<const double> coefficients, size_t heads, std::span<double> scores) const;
  // The heads themselves, laid out as a solver's point (see softmax_problem.h), biases left out.
  std::vector<double> weights(std::span<const double> coefficients, size_t heads) const;

 private:
  void keep_dense_products();
  void keep_sparse_products();

  Features features_;
  size_t stride_ = 0;
  double mean_square_norm_ = 0;
  Matrix products_;  // (stride, stride); empty where they are not kept.
};

// Which rows a fit learns from.
struct RowTask {
  std::vector<double> labels;   // (stride)
  std::vector<double> weights;  // (stride), 0: the row is not learnt from.
  size_t classes = 0;
  double strength = 1;

  size_t heads() const { return classes == 2 ? 1 : classes; }
};

// Where a fit starts and ends. Empty: at zero.
struct RowPoint {
  std::vector<double> coefficients;  // (heads, stride)
  std::vector<double> scores;        // Their scores, without the biases; empty: not known.
  std::vector<double> biases;        // (heads)
};

FitResult fit_rows(const RowSpace& space, const RowTask& task, const FitOptions& options,
                   const Progress& progress, RowPoint& point);

}  // namespace querist::learners
