// Least-confidence sampling: ask about the examples whose likeliest class is least likely (Lewis
// and Gale 1994).
#include "kernels/uncertainty.h"
#include "strategies/scores.h"
#include "strategies/strategy.h"

namespace querist::strategies {

static Selection select(const Pool& pool, size_t batch_size, const Params&, Rng&) {
  std::vector<float> utilities = candidate_scores(pool, kernels::least_confidences);
  return top_k(pool, utilities, batch_size);
}

QueryStrategy least_confidence() {
  return {
      .name = "least_confidence",
      .summary = "Least probable top class.",
      .needs = Signal::probabilities,
      .select = select,
      .source = "Lewis and Gale 1994",
      .task = Task::classification,
      .family = "uncertainty",
  };
}

}  // namespace querist::strategies
