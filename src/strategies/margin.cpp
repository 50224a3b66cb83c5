// Margin sampling: ask about the examples whose two likeliest classes are closest (Scheffer et al.
// 2001).
#include "kernels/uncertainty.h"
#include "strategies/scores.h"
#include "strategies/strategy.h"

namespace querist::strategies {

static Selection select(const Pool& pool, size_t batch_size, const Params&, Rng&) {
  std::vector<float> utilities = candidate_scores(pool, kernels::margins);
  for (float& utility : utilities) utility = 1 - utility;
  return top_k(pool, utilities, batch_size);
}

QueryStrategy margin() {
  return {
      .name = "margin",
      .summary = "Smallest gap between the two likeliest classes.",
      .needs = Signal::probabilities,
      .select = select,
      .source = "Scheffer, Decomain and Wrobel 2001",
      .task = Task::classification,
      .family = "uncertainty",
  };
}

}  // namespace querist::strategies
