// Squared distances between rows, each a number that depends on its two rows alone: kept or
// computed anew, in whatever company, it is the same bit for bit.
#pragma once

#include <span>

#include "base/matrix.h"

namespace querist::kernels {

// |row|^2 of every row, in the order of sums that row_distances uses: a row is at 0 from itself.
std::vector<float> row_norms(MatrixView rows);

// Calls of this share one panel: many rows, in the end each against each.
struct DistancePanel {
  MatrixView rows;
  std::span<const float> norms;  // One a row.
};

// out (a.rows.rows, b.rows.rows) = |a_i - b_j|^2, never negative, over all threads. Flops: 2 · cols
// a pair; bytes: a once for every five rows of b, from the second-level cache.
void row_distances(const DistancePanel& a, const DistancePanel& b, float* out);

}  // namespace querist::kernels
