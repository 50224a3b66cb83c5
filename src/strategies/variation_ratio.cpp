// Variation ratio: ask about the examples with the fewest votes for the members' favourite class
// (Freeman 1965). A member votes for its likeliest class, the lower one in a tie.
#include "kernels/disagreement.h"
#include "strategies/strategy.h"

namespace querist::strategies {

static Selection select(const Pool& pool, size_t batch_size, const Params&, Rng&) {
  const Members& members = pool.member_probabilities;
  std::vector<double> utilities(pool.candidates.size());
  kernels::disagreement(members.values, members.members, members.rows, members.cols,
                        pool.candidates, {.variation_ratio = utilities});
  return top_k(pool, utilities, batch_size);
}

QueryStrategy variation_ratio() {
  return {
      .name = "variation_ratio",
      .summary = "Largest share of members that vote against the favourite class; many ties.",
      .needs = Signal::member_probabilities,
      .select = select,
      .source = "Freeman 1965",
      .task = Task::classification,
      .family = "committee",
  };
}

}  // namespace querist::strategies
