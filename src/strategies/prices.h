// What labels cost, in the form that kernels take.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/pool.h"

namespace querist::strategies {

// One price a row named; empty where the pool has none: all 1.
inline std::vector<float> prices(const Pool& pool, std::span<const int64_t> rows) {
  std::vector<float> costs;
  if (pool.costs.empty()) return costs;
  costs.reserve(rows.size());
  for (const int64_t row : rows) costs.push_back(pool.costs[static_cast<size_t>(row)]);
  return costs;
}

// One price a candidate.
inline std::vector<float> prices(const Pool& pool) { return prices(pool, pool.candidates); }

}  // namespace querist::strategies
