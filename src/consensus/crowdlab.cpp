// CROWDLAB: annotators and a model weighed by how far each does better than the commonest class
// (Goh, Tkachenko and Mueller 2022).
#include "consensus/active_lab/active_lab.h"
#include "consensus/consensus.h"

namespace querist::consensus {

static Consensus aggregate(const AnswerTable& table, const Probabilities& model, const Params&) {
  std::vector<int64_t> items;
  for (size_t i = 0; i < table.items; ++i)
    items.insert(items.end(), table.count(i), static_cast<int64_t>(i));
  const std::vector<int64_t> annotators(table.annotator.begin(), table.annotator.end());
  auto found = active_lab({items, annotators, table.label}, model, {},
                          {.temperature = 1, .keep_posteriors = true});
  return {.probabilities = std::move(found.posteriors)};
}

ConsensusMethod crowdlab() {
  return {
      .name = "crowdlab",
      .summary =
          "Weighs a model's probabilities with the annotators' answers; for few answers an "
          "item beside a fair model.",
      .source = "Goh, Tkachenko and Mueller 2022",
      .reads_probabilities = true,
      .aggregate = aggregate,
  };
}

}  // namespace querist::consensus
