// Majority vote: the share of an item's answers that each class has.
#include "consensus/consensus.h"
#include "consensus/parts/expectation.h"

namespace querist::consensus {

static Consensus aggregate(const AnswerTable& answers, const Probabilities&, const Params&) {
  return {.probabilities = vote_shares(answers)};
}

ConsensusMethod majority_vote() {
  return {
      .name = "majority_vote",
      .summary = "The class that most annotators gave; every one counts alike.",
      .source = "Condorcet 1785",
      .aggregate = aggregate,
  };
}

}  // namespace querist::consensus
