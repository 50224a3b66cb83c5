// BADGE: a batch of gradient embeddings that are large and unlike each other, by k-means++ seeding
// (Ash et al. 2020).
#include "kernels/gradient_sampling.h"
#include "strategies/prices.h"
#include "strategies/strategy.h"

namespace querist::strategies {

// Distances are to the picks of the batch alone: what is labelled is no centre. Where all that is
// left equals a pick, the rest of the batch is drawn evenly.
static Selection select(const Pool& pool, size_t batch_size, const Params& params, Rng& rng) {
  const kernels::Gradients gradients = {pool.embeddings, pool.probabilities, params.flag("bias")};
  const auto costs = prices(pool);
  Selection selection;
  for (const auto& pick :
       kernels::sample_gradients(gradients, pool.candidates, batch_size, rng, costs)) {
    selection.rows.push_back(pool.candidates[pick.candidate]);
    selection.utilities.push_back(pick.squared /
                                  (costs.empty() ? 1 : double{costs[pick.candidate]}));
  }
  return selection;
}

QueryStrategy badge() {
  return {
      .name = "badge",
      .summary = "Drawn far apart among the gradients that a label of the likeliest class gives.",
      .needs = Signal::probabilities | Signal::embeddings,
      .params = {{.name = "bias",
                  .fallback = false,
                  .help = "The last layer has a bias: its gradient counts too."}},
      .select = select,
      .source = "Ash, Zhang, Krishnamurthy, Langford and Agarwal 2020",
      .task = Task::classification,
      .family = "hybrid",
  };
}

}  // namespace querist::strategies
