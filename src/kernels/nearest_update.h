// The running minimum of distances to a growing set of centres: what farthest-first traversal and
// its relatives spend their time on.
#pragma once

#include <cstdint>
#include <span>

#include "base/matrix.h"

namespace querist::kernels {

// A second factor of every distance: the gap between a row's prediction and a centre's target (iGS,
// Wu et al. 2019).
struct TargetGaps {
  std::span<const float> predictions;  // One a row of the call.
  std::span<const float> targets;      // One a centre.
};

// nearest[i] = min(nearest[i], |x_r - c|^2) over all centres, r = rows[i]; with gaps, each squared
// distance times (prediction - target)^2. x dense or half. Differences are squared, not norms
// expanded: nothing cancels, a duplicate is at 0, and a distance depends on its two rows alone, bit
// for bit, in whatever company. Runs on the caller's thread. Flops: 3 · cols a pair; bytes: each
// row once, the centres once for every four rows, from the nearest cache that holds them.
void nearest_update(const Features& x, std::span<const int64_t> rows, MatrixView centers,
                    std::span<float> nearest, const TargetGaps* gaps = nullptr);

// sums[i] += the distances (not squared) of row rows[i] of x to all centres, in double precision
// and in the order of the centres. Runs on the caller's thread; flops and bytes as above.
void distance_sums(const Features& x, std::span<const int64_t> rows, MatrixView centers,
                   std::span<double> sums);

}  // namespace querist::kernels
