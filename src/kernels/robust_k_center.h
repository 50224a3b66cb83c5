// k-center that may leave some rows out (Charikar, Khuller, Mount and Narasimhan 2001), in the
// place of the integer program of the robust core-set (Sener and Savarese 2018).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/matrix.h"

namespace querist::kernels {

struct RobustCenters {
  std::vector<size_t> candidates;  // Indices into `candidates`, in the order picked.
  std::vector<size_t> covered;     // One a pick: how many rows it covered; 0 for the last, spare
                                   // ones.
  float radius = 0;  // The r of the answer: all but `outliers` lie within 3 r of a centre.
};

// For a radius r: each of `count` times the candidate within r of most uncovered candidates is
// picked, and all within 3 r of it are covered; those within 3 r of a labelled row are so from the
// start. The answer is that of the least float32 r^2 found by bisection, from the radius of
// farthest-first downwards, at which no more than `outliers` stay uncovered; the least r for which
// centres exist is no smaller, so 3 r is a 3-approximation. Picks left over go to covered rows,
// farthest first, and then to the others. Ties go to the lower candidate; deterministic.
//
// costs: one a candidate, positive; (newly covered + 1) / cost then ranks the candidates, without
// the guarantee. Flops: 2 m^2 d, then some 30 passes of m^2 comparisons; memory: 4 m^2 bytes, so
// that callers give a sample.
RobustCenters robust_k_center(const Features& x, std::span<const int64_t> candidates,
                              std::span<const int64_t> labeled, size_t count, size_t outliers,
                              std::span<const float> costs = {});

}  // namespace querist::kernels
