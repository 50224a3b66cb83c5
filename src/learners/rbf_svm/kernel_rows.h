// Rows of the Gaussian kernel between training rows, kept as long as they fit.
#pragma once

#include <cstdint>
#include <list>
#include <span>
#include <vector>

#include "base/matrix.h"
#include "kernels/rbf.h"

namespace querist::learners {

// Values in float32, as libsvm keeps them; each depends on its two rows alone. Not for several
// threads at once.
class KernelRows {
 public:
  // The chosen rows of the features, which are copied. budget_bytes bounds the rows kept; at least
  // two are. All are computed at once, on all threads, where they fit.
  KernelRows(const Features& features, std::span<const int64_t> rows, double gamma,
             size_t budget_bytes);
  size_t size() const { return size_; }
  // Holds until the next but one call.
  const float* row(size_t i);

 private:
  void compute(size_t i, double* scratch, float* out) const;
  void compute_all();
  void compute_half_and_mirror();

  size_t size_;
  double gamma_;
  kernels::PackedRows packed_;  // Dense and half.
  std::vector<double> wide_;    // The same, row by row.
  Csr sparse_;                  // Sparse.
  std::vector<double> norms_;   // Squared lengths of its rows.
  std::vector<double> scratch_;
  size_t slots_;
  std::vector<float> values_;        // (slots, size).
  std::vector<size_t> slot_of_row_;  // SIZE_MAX: not kept.
  std::list<size_t> order_;          // Kept rows, the latest used first.
  std::vector<std::list<size_t>::iterator> place_;
};

// exp(-gamma |a - b|^2) of a dense row and each row of a sparse matrix; norm: of the dense row.
// Relative error about 1e-15 of the exponent's terms; exactly 1 for equal rows.
void sparse_rbf(const double* dense, double norm, const CsrView& rows,
                std::span<const double> norms, double gamma, double* out);
// Squared length of each row, in the order of its columns.
std::vector<double> squared_norms(const CsrView& rows);

}  // namespace querist::learners
