// Entropy sampling: ask about the examples whose class probabilities are most spread out (Shannon
// 1948; Settles 2009).
#include "kernels/uncertainty.h"
#include "strategies/scores.h"
#include "strategies/strategy.h"

namespace querist::strategies {

static Selection select(const Pool& pool, size_t batch_size, const Params&, Rng&) {
  std::vector<float> utilities = candidate_scores(pool, kernels::entropies);
  return top_k(pool, utilities, batch_size);
}

QueryStrategy entropy() {
  return {
      .name = "entropy",
      .summary =
          "Largest entropy of the class probabilities; weak with many classes or an early model.",
      .needs = Signal::probabilities,
      .select = select,
      .source = "Shannon 1948; Settles 2009",
      .task = Task::classification,
      .family = "uncertainty",
  };
}

}  // namespace querist::strategies
