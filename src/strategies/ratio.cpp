// Ratio of confidence: ask about the examples whose second likeliest class is nearly as likely as
// the first (Monarch 2021).
#include "kernels/uncertainty.h"
#include "strategies/scores.h"
#include "strategies/strategy.h"

namespace querist::strategies {

static Selection select(const Pool& pool, size_t batch_size, const Params&, Rng&) {
  return top_k(pool, candidate_scores(pool, kernels::ratios), batch_size);
}

QueryStrategy ratio() {
  return {
      .name = "ratio",
      .summary = "Largest ratio of the second likeliest class to the likeliest.",
      .needs = Signal::probabilities,
      .select = select,
      .source = "Monarch 2021",
      .task = Task::classification,
      .family = "uncertainty",
  };
}

}  // namespace querist::strategies
