// Greedy choice over lazy minima: few candidates meet every centre.
#include "kernels/k_center.h"

#include <algorithm>
#include <cmath>
#include <iterator>

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

struct CenterMemory::Known {
  Known(const Features& rows, std::span<const int64_t> from)
      : x(rows), candidates(from.begin(), from.end()), minimum(x, candidates) {}

  bool is_of(const Features& other) const {
    return x.kind == other.kind && x.rows == other.rows && x.cols == other.cols &&
           x.dense == other.dense && x.half == other.half;
  }
  size_t index_of(int64_t row) const {
    return static_cast<size_t>(std::lower_bound(candidates.begin(), candidates.end(), row) -
                               candidates.begin());
  }

  Features x;
  std::vector<int64_t> candidates;  // Of the first call.
  std::vector<int64_t> left;        // Those that are not removed.
  std::vector<int64_t> centers;     // Ascending.
  LazyMinimum minimum;
};

// Whether what is known may go on: nothing that it removed or met has come back, and so many of its
// candidates are left that looking over all of them is no waste.
static bool goes_on(const CenterMemory::Known& known, const Features& x,
                    std::span<const int64_t> candidates, std::span<const int64_t> labeled) {
  return known.is_of(x) && 2 * candidates.size() >= known.candidates.size() &&
         std::includes(known.left.begin(), known.left.end(), candidates.begin(),
                       candidates.end()) &&
         std::includes(labeled.begin(), labeled.end(), known.centers.begin(), known.centers.end());
}

std::vector<CenterPick> farthest_first(const Features& x, std::span<const int64_t> candidates,
                                       std::span<const int64_t> labeled, size_t count, size_t first,
                                       CenterMemory& memory) {
  QUERIST_CHECK(candidates.empty() || first < candidates.size());
  count = std::min(count, candidates.size());
  auto known = std::move(memory.known_);  // Comes back whole, or not at all.
  memory.known_ = nullptr;
  if (!known || !goes_on(*known, x, candidates, labeled))
    known = std::make_shared<CenterMemory::Known>(x, candidates);
  std::vector<int64_t> changed;
  std::set_difference(known->left.begin(), known->left.end(), candidates.begin(), candidates.end(),
                      std::back_inserter(changed));
  for (const int64_t row : changed) known->minimum.remove(known->index_of(row));
  changed.clear();
  std::set_difference(labeled.begin(), labeled.end(), known->centers.begin(), known->centers.end(),
                      std::back_inserter(changed));
  for (const int64_t row : changed) known->minimum.add_center(row);
  known->left.assign(candidates.begin(), candidates.end());
  known->centers.assign(labeled.begin(), labeled.end());

  const auto worth = [](size_t, float squared) { return double{squared}; };
  std::vector<CenterPick> picks;
  while (picks.size() < count) {
    const bool free = picks.empty() && labeled.empty();
    const size_t at = free ? known->index_of(candidates[first]) : known->minimum.best(worth);
    const int64_t row = known->candidates[at];
    const auto place = std::lower_bound(known->left.begin(), known->left.end(), row);
    picks.push_back(
        {static_cast<size_t>(std::lower_bound(candidates.begin(), candidates.end(), row) -
                             candidates.begin()),
         std::sqrt(known->minimum.squared(at))});
    known->minimum.remove(at);
    known->minimum.add_center(row);
    known->left.erase(place);
    known->centers.insert(std::lower_bound(known->centers.begin(), known->centers.end(), row), row);
  }
  memory.known_ = std::move(known);
  return picks;
}

}  // namespace querist::kernels
