// GLAD: an answer is the more likely right the abler its annotator and the easier its item
// (Whitehill, Ruvolo, Wu, Bergsma and Movellan 2009).
#include <cmath>

#include "consensus/consensus.h"
#include "consensus/parts/abilities.h"
#include "consensus/parts/expectation.h"

namespace querist::consensus {

// So that one answer cannot rule a class out.
static constexpr double least = 1e-9;

static Consensus aggregate(const AnswerTable& answers, const Probabilities&, const Params& params) {
  Abilities abilities(answers);
  const double others = std::max(1.0, static_cast<double>(answers.classes) - 1);
  auto found = take_turns(
      answers, params,
      [&](std::span<const double> posteriors) { abilities.climb(answers, posteriors); },
      [&](size_t item, std::span<double> row) {
        for (size_t j = answers.offsets[item]; j < answers.offsets[item + 1]; ++j) {
          const double s = abilities.right(item, static_cast<size_t>(answers.annotator[j]));
          // The same for all classes but the answer, so only the difference is added.
          row[static_cast<size_t>(answers.label[j])] +=
              std::log(std::max(s, least) * others / std::max(1 - s, least));
        }
      });
  return {.probabilities = std::move(found.values), .rounds = found.rounds};
}

ConsensusMethod glad() {
  return {
      .name = "glad",
      .summary =
          "Learns how able each annotator and how easy each item is; where items differ in "
          "difficulty.",
      .params = round_params(),
      .source = "Whitehill, Ruvolo, Wu, Bergsma and Movellan 2009",
      .aggregate = aggregate,
  };
}

}  // namespace querist::consensus
