// The Gaussian (RBF) kernel between rows in double precision: each value depends on its two rows
// alone, bit for bit, in whatever company it is computed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/matrix.h"

namespace querist::kernels {

// The chosen rows of dense or half features as doubles, (rows.size(), cols) row-major.
void widen_rows(const Features& x, std::span<const int64_t> rows, std::vector<double>& out);

// Rows laid out for vectors: groups of 16 rows, each group (cols, 16). Rows past the last are zero.
struct PackedRows {
  static constexpr size_t group = 16;
  size_t rows = 0;
  size_t cols = 0;
  std::vector<double> values;  // 8 bytes · cols · padded().

  size_t padded() const { return (rows + group - 1) / group * group; }
};

void pack_rows(const Features& x, std::span<const int64_t> rows, PackedRows& out);

// out (a_rows, b.padded()) = exp(-gamma |a_i - b_j|^2), on the calling thread; columns from b.rows
// on hold nothing of use. a: (a_rows, b.cols) doubles. Differences are squared one by one, so that
// equal rows have exactly 1 and the kernel is symmetric; relative error about 1e-15 (of the
// exponent, where that is larger than 1). Flops: 3 · cols a pair and one exponential. Columns of
// the groups before first_group are left as they are: half of a symmetric kernel is enough.
void rbf_kernel(const double* a, size_t a_rows, const PackedRows& b, double gamma, double* out,
                size_t first_group = 0);

// The kernel between chosen rows and packed ones without the padding: (rows.size(), b.rows).
std::vector<double> rbf_block(const Features& x, std::span<const int64_t> rows, const PackedRows& b,
                              double gamma);

// What a gamma of 0 ("not given") stands for: one by the number of features, as in scikit-learn.
inline double rbf_gamma(double given, size_t cols) {
  return given > 0 ? given : 1 / static_cast<double>(cols > 0 ? cols : 1);
}

}  // namespace querist::kernels
