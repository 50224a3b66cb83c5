// BALD: ask about the examples on which the members disagree while each is sure of itself (Houlsby
// et al. 2011). The utility is the mutual information of one row, H(mean p) - mean H(p), which is
// also the mean Kullback-Leibler divergence from the consensus; the conditional entropy is averaged
// over the members of the row. PyRelationAL averages it over the whole pool instead, which ranks
// as the entropy of the consensus does: its picks differ from these.
#include "kernels/disagreement.h"
#include "strategies/strategy.h"

namespace querist::strategies {

static Selection select(const Pool& pool, size_t batch_size, const Params&, Rng&) {
  const Members& members = pool.member_probabilities;
  std::vector<double> utilities(pool.candidates.size());
  kernels::disagreement(members.values, members.members, members.rows, members.cols,
                        pool.candidates, {.bald = utilities});
  return top_k(pool, utilities, batch_size);
}

QueryStrategy bald() {
  return {
      .name = "bald",
      .summary = "Members sure of different classes: mutual information of label and model.",
      .needs = Signal::member_probabilities,
      .select = select,
      .source = "Houlsby et al. 2011",
      .task = Task::classification,
      .family = "committee",
  };
}

}  // namespace querist::strategies
