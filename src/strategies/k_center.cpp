// k-center greedy, the core-set strategy: ask about the example farthest from everything known
// (Sener and Savarese 2018).
#include "kernels/k_center.h"

#include "strategies/prices.h"
#include "strategies/strategy.h"

namespace querist::strategies {

static Selection select(const Pool& pool, size_t batch_size, const Params&, Rng& rng) {
  if (pool.candidates.empty()) return {};
  const size_t first = rng.below(pool.candidates.size());
  const auto picks = [&] {
    const auto costs = prices(pool);
    if (!pool.memory || !costs.empty())
      return kernels::farthest_first(pool.embeddings, pool.candidates, pool.labeled, batch_size,
                                     first, costs);
    auto* memory = std::any_cast<kernels::CenterMemory>(pool.memory);
    if (!memory) memory = &pool.memory->emplace<kernels::CenterMemory>();
    return kernels::farthest_first(pool.embeddings, pool.candidates, pool.labeled, batch_size,
                                   first, *memory);
  };
  Selection selection;
  for (const auto& pick : picks()) {
    selection.rows.push_back(pool.candidates[pick.candidate]);
    selection.utilities.push_back(static_cast<double>(pick.distance));
  }
  return selection;
}

QueryStrategy k_center() {
  return {
      .name = "k_center",
      .summary = "Farthest from every labelled example; covers the extremes, drawn to outliers.",
      .needs = Signal::embeddings,
      .select = select,
      .source = "Gonzalez 1985; Sener and Savarese 2018",
      .handles_no_model = true,
      .family = "coverage",
  };
}

}  // namespace querist::strategies
