// Greedy choice over lazy minima: few candidates meet every centre.
#include "kernels/k_center.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace querist::kernels {

std::vector<CenterPick> farthest_first(const Features& x, std::span<const int64_t> candidates,
                                       std::span<const int64_t> labeled, size_t count, size_t first,
                                       std::span<const float> costs, size_t shortlist,
                                       DistanceCounts* counts) {
  QUERIST_CHECK(candidates.empty() || first < candidates.size());
  QUERIST_CHECK(costs.empty() || costs.size() == candidates.size());
  count = std::min(count, candidates.size());
  LazyMinimum minimum(x, candidates, shortlist);
  for (const int64_t row : labeled) minimum.add_center(row);
  // Distances are compared by their squares, and so are the prices.
  const auto worth = [&](size_t i, float squared) {
    const double cost = costs.empty() ? 1 : double{costs[i]};
    return double{squared} / (cost * cost);
  };
  std::vector<CenterPick> picks;
  while (picks.size() < count) {
    const size_t pick = picks.empty() && labeled.empty() ? first : minimum.best(worth);
    picks.push_back({pick, std::sqrt(minimum.squared(pick))});
    minimum.remove(pick);
    minimum.add_center(candidates[pick]);
  }
  if (counts) *counts = minimum.counts();
  return picks;
}

}  // namespace querist::kernels
