// A threshold below the k-th best, and a cap for pools of equals.
#include "strategies/information/contenders.h"

#include <algorithm>

#include "kernels/top_k.h"

namespace querist::strategies {

std::vector<size_t> contenders(std::span<const double> values, std::span<const double> costs,
                               double slack, size_t k) {
  const auto best = kernels::top_k(values, k);
  if (best.empty()) return {};
  // The true k-th best is at least the least of what the k best by value are worth for certain.
  double sure = values[best.front()];
  for (const size_t i : best) sure = std::min(sure, values[i] - slack / costs[i]);
  std::vector<size_t> close;
  for (size_t i = 0; i < values.size(); ++i)
    if (values[i] + slack / costs[i] >= sure) close.push_back(i);
  if (close.size() <= 2 * k + 64) return close;
  std::vector<size_t> kept = kernels::top_k(values, k + 32);
  kept.insert(kept.end(), close.begin(), close.begin() + static_cast<std::ptrdiff_t>(k + 32));
  std::sort(kept.begin(), kept.end());
  kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
  return kept;
}

}  // namespace querist::strategies
