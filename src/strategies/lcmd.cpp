// LCMD: ask about the farthest example of the largest cluster around what is labelled (Holzmüller
// et al. 2023).
#include "kernels/largest_cluster.h"
#include "strategies/prices.h"
#include "strategies/strategy.h"

namespace querist::strategies {

static Selection select(const Pool& pool, size_t batch_size, const Params&, Rng&) {
  Selection selection;
  for (const auto& pick : kernels::largest_cluster_picks(pool.embeddings, pool.candidates,
                                                         pool.labeled, batch_size, prices(pool))) {
    const int64_t row = pool.candidates[pick.candidate];
    selection.rows.push_back(row);
    selection.utilities.push_back(double{pick.distance} / price(pool, row));
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
