// The rows that a Gaussian process remembers, and the kernel between them and others.
#pragma once

#include <vector>

#include "base/matrix.h"
#include "kernels/rbf.h"

namespace querist::learners {

// Owned rows, laid out for the kernel. Every value depends on its two rows alone, bit for bit.
class TrainingInputs {
 public:
  // Narrow sparse rows are kept dense.
  explicit TrainingInputs(OwnedFeatures rows);

  size_t size() const { return rows_; }
  size_t cols() const { return cols_; }
  size_t stride() const { return (rows_ + group - 1) / group * group; }
  const OwnedFeatures& rows() const { return owned_; }

  // out (end - begin, stride()) = exp(-gamma |x_i - row_j|²) for rows [begin, end) of x, of any
  // kind; what lies past size() in a row means nothing. On the calling thread.
  void kernel(const Features& x, size_t begin, size_t end, double gamma, double* out) const;
  // (size, size): squared distances between the rows themselves.
  std::vector<double> squared_distances() const;

 private:
  static constexpr size_t group = kernels::PackedRows::group;

  void sparse_distances(const CsrView& x, size_t row, double* out) const;

  size_t rows_ = 0;
  size_t cols_ = 0;
  OwnedFeatures owned_;
  kernels::PackedRows packed_;  // Dense.
  Csr by_column_;               // Sparse: the rows that have each column.
  std::vector<double> squares_;
};

}  // namespace querist::learners
