// Largest cluster, maximum distance (LCMD; Holzmüller, Zaverkin, Kästner and Steinwart 2023).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/matrix.h"

namespace querist::kernels {

struct LargestClusterPick {
  size_t candidate = 0;  // Index into `candidates`.
  float distance = 0;    // To the centre of its cluster; to the origin for a first pick.
};

// Labelled and picked rows are centres, and each candidate lies with its nearest. A pick is the
// farthest candidate of the cluster whose squared distances have the largest sum (in double, in
// candidate order). Ties go to the earlier centre, the lower candidate. With nothing labelled the
// first pick is the longest row. x dense or half. costs: one a candidate, positive, by which its
// distance is divided wherever it is compared; empty: all 1.
//
// Flops of a pick: 2 n d at most; a candidate whose centre is more than twice as far from the new
// one as from itself is left out, as the triangle inequality allows. Bytes: the rows looked at, and
// 9 a candidate. Memory: 17 bytes a candidate.
std::vector<LargestClusterPick> largest_cluster_picks(const Features& x,
                                                      std::span<const int64_t> candidates,
                                                      std::span<const int64_t> labeled,
                                                      size_t count,
                                                      std::span<const float> costs = {});

}  // namespace querist::kernels
