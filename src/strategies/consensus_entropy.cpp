// Consensus entropy: ask about the examples of largest entropy of the members' mean probabilities
// (the total uncertainty; Gal, Islam and Ghahramani 2017).
#include "kernels/disagreement.h"
#include "strategies/strategy.h"

namespace querist::strategies {

static Selection select(const Pool& pool, size_t batch_size, const Params&, Rng&) {
  const Members& members = pool.member_probabilities;
  std::vector<double> utilities(pool.candidates.size());
  kernels::disagreement(members.values, members.members, members.rows, members.cols,
                        pool.candidates, {.consensus_entropy = utilities});
  return top_k(pool, utilities, batch_size);
}

QueryStrategy consensus_entropy() {
  return {
      .name = "consensus_entropy",
      .summary = "Largest entropy of the committee's mean probabilities.",
      .needs = Signal::member_probabilities,
      .select = select,
      .source = "Gal, Islam and Ghahramani 2017",
      .task = Task::classification,
      .family = "committee",
  };
}

}  // namespace querist::strategies
