// LCMD: ask about the farthest example of the largest cluster around what is labelled (Holzmüller
// et al. 2023).
#include "kernels/largest_cluster.h"
#include "strategies/strategy.h"

namespace querist::strategies {

static Selection select(const Pool& pool, size_t batch_size, const Params&, Rng&) {
  std::vector<float> costs;
  if (!pool.costs.empty()) {
    for (const int64_t row : pool.candidates) costs.push_back(pool.costs[static_cast<size_t>(row)]);
  }
  Selection selection;
  for (const auto& pick : kernels::largest_cluster_picks(pool.embeddings, pool.candidates,
                                                         pool.labeled, batch_size, costs)) {
    const double cost = costs.empty() ? 1 : double{costs[pick.candidate]};
    selection.rows.push_back(pool.candidates[pick.candidate]);
    selection.utilities.push_back(double{pick.distance} / cost);
  }
  return selection;
}

QueryStrategy lcmd() {
  return {
      .name = "lcmd",
      .summary =
          "Farthest in the largest cluster around the labelled examples; made for "
          "regression in batches.",
      .needs = Signal::embeddings,
      .select = select,
      .source = "Holzmüller, Zaverkin, Kästner and Steinwart 2023",
      .handles_no_model = true,
      .family = "coverage",
  };
}

}  // namespace querist::strategies
