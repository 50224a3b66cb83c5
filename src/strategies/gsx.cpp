// Greedy sampling in the feature space: ask about the example farthest from everything labelled,
// starting from the most central one (Wu, Lin and Huang 2019).
#include "kernels/k_center.h"
#include "strategies/distance/cold_start.h"
#include "strategies/strategy.h"

namespace querist::strategies {

static Selection select(const Pool& pool, size_t batch_size, const Params& params, Rng&) {
  if (batch_size == 0) return {};
  Selection start;
  if (pool.labeled.empty())
    start = most_central(pool, all_rows(pool), static_cast<size_t>(params.integer("max_targets")));
  const size_t first = start.rows.empty() ? 0 : candidate_index(pool, start.rows[0]);
  Selection selection;
  for (const auto& pick : kernels::farthest_first(pool.embeddings, pool.candidates, pool.labeled,
                                                  batch_size, first, prices(pool))) {
    selection.rows.push_back(pool.candidates[pick.candidate]);
    selection.utilities.push_back(double{pick.distance});
  }
  if (!start.rows.empty()) selection.utilities[0] = start.utilities[0];
  return selection;
}

QueryStrategy gsx() {
  return {
      .name = "gsx",
      .summary = "Farthest from every labelled example, the most central one first.",
      .needs = Signal::embeddings,
      .params = {start_targets_param()},
      .select = select,
      .source = "Wu, Lin and Huang 2019",
      .handles_no_model = true,
      .family = "regression",
  };
}

}  // namespace querist::strategies
