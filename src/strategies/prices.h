// What labels cost, of a row and in the forms that kernels take.
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

// Of one row: 1 where the pool has none.
inline double price(const Pool& pool, int64_t row) {
  return pool.costs.empty() ? 1 : double{pool.costs[static_cast<size_t>(row)]};
}

// One price a candidate.
inline std::vector<float> prices(const Pool& pool) { return prices(pool, pool.candidates); }

// The same in double; 1 where the pool has none.
inline std::vector<double> candidate_prices(const Pool& pool) {
  std::vector<double> costs;
  costs.reserve(pool.candidates.size());
  for (const int64_t row : pool.candidates) costs.push_back(price(pool, row));
  return costs;
}

}  // namespace querist::strategies
