// BatchBALD: ask about the examples whose labels together say most about which member of a
// committee is right (Kirsch, van Amersfoort and Gal 2019).
#include "strategies/information/contenders.h"
#include "strategies/information/greedy_joint.h"
#include "strategies/prices.h"
#include "strategies/strategy.h"

namespace querist::strategies {

static Selection select(const Pool& pool, size_t batch_size, const Params& params, Rng& rng) {
  const auto costs = candidate_prices(pool);
  const auto samples = static_cast<size_t>(params.integer("samples"));
  Selection selection;
  for (const auto& pick :
       greedy_joint(committee_of(pool), pool.candidates, costs, batch_size, samples, rng).picks) {
    selection.rows.push_back(pool.candidates[pick.candidate]);
    selection.utilities.push_back(pick.gain);
  }
  return selection;
}

QueryStrategy batch_bald() {
  return {
      .name = "batch_bald",
      .summary = "Most information about the committee in the whole batch; for batches up to 10.",
      .needs = Signal::member_probabilities,
      .params = {{.name = "samples",
                  .fallback = 10'000,
                  .min = 100,
                  .max = 1'000'000,
                  .whole = true,
                  .help = "Joint labels of the batch looked at: all of them while they are no "
                          "more, a sample from then on."}},
      .select = select,
      .source = "Kirsch, van Amersfoort and Gal 2019",
      .task = Task::classification,
      .family = "committee",
  };
}

}  // namespace querist::strategies
