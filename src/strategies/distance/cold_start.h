// What strategies of distances to the labelled examples share: the example to start from where
// nothing is labelled, and where candidates lie.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/params.h"
#include "data/pool.h"
#include "data/selection.h"
#include "strategies/prices.h"

namespace querist::strategies {

// max_targets: to how many rows, a fixed sample of the pool, the distances of most_central go.
ParamSpec start_targets_param();

// The candidate whose sum of distances to the targets is least, its utility minus that sum (ties
// and costs as in top_k); targets: rows of the pool, of which a fixed sample of max_targets counts
// (0: all). Flops: 3 · cols for each candidate and target; memory: 16 bytes a candidate, 4 · cols
// for each of 1,024 targets.
Selection most_central(const Pool& pool, std::span<const int64_t> targets, size_t max_targets);

// All rows of the pool.
std::vector<int64_t> all_rows(const Pool& pool);

// Where in pool.candidates a row lies.
size_t candidate_index(const Pool& pool, int64_t row);

}  // namespace querist::strategies
