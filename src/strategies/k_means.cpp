// k-means sampling: ask about the example nearest to each centre of a clustering of the unlabelled
// pool (Zhdanov 2019, without weights).
#include "strategies/clustering/clustering.h"
#include "strategies/strategy.h"

namespace querist::strategies {

// Only candidates are clustered: what is labelled already is left to typiclust, which counts it.
static Selection select(const Pool& pool, size_t batch_size, const Params& params, Rng& rng) {
  if (batch_size == 0) return {};
  const auto weights = weights_per_cost(pool, pool.candidates, {});
  const auto clustering = cluster_rows(pool.embeddings, pool.candidates, weights, batch_size,
                                       static_cast<size_t>(params.integer("max_iterations")), rng);
  return nearest_to_centers(pool, clustering, weights, batch_size);
}

QueryStrategy k_means() {
  return {
      .name = "k_means",
      .summary =
          "Nearest to each centre of as many clusters as the batch has places; needs no "
          "model.",
      .needs = Signal::embeddings,
      .params = {max_iterations_param()},
      .select = select,
      .source = "Lloyd 1982; Zhdanov 2019",
      .handles_no_model = true,
      .family = "coverage",
  };
}

}  // namespace querist::strategies
