// Vote entropy: ask about the examples over which the members' votes are most spread out (Dagan and
// Engelson 1995). A member votes for its likeliest class, the lower one in a tie.
#include "kernels/disagreement.h"
#include "strategies/strategy.h"

namespace querist::strategies {

static Selection select(const Pool& pool, size_t batch_size, const Params&, Rng&) {
  const Members& members = pool.member_probabilities;
  std::vector<double> utilities(pool.candidates.size());
  kernels::disagreement(members.values, members.members, members.rows, members.cols,
                        pool.candidates, {.vote_entropy = utilities});
  return top_k(pool, utilities, batch_size);
}

QueryStrategy vote_entropy() {
  return {
      .name = "vote_entropy",
      .summary = "Members' votes most spread over the classes; many ties in a small committee.",
      .needs = Signal::member_probabilities,
      .select = select,
      .source = "Dagan and Engelson 1995",
      .task = Task::classification,
      .family = "committee",
  };
}

}  // namespace querist::strategies
