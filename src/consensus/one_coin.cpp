// One coin: each annotator is right with one chance of their own, and else says any other class
// (Demartini, Difallah and Cudre-Mauroux 2012, with a uniform prior of the classes).
#include <algorithm>
#include <cmath>

#include "consensus/consensus.h"
#include "consensus/parts/expectation.h"

namespace querist::consensus {

// So that one who was never wrong is not believed without end.
static constexpr double least = 1e-6;

static std::vector<double> accuracies(const AnswerTable& table,
                                      std::span<const double> posteriors) {
  std::vector<double> right(table.annotators);
  for (size_t i = 0; i < table.items; ++i) {
    for (size_t j = table.offsets[i]; j < table.offsets[i + 1]; ++j) {
      right[static_cast<size_t>(table.annotator[j])] +=
          posteriors[i * table.classes + static_cast<size_t>(table.label[j])];
    }
  }
  for (size_t a = 0; a < table.annotators; ++a) {
    if (table.per_annotator[a] > 0) right[a] /= static_cast<double>(table.per_annotator[a]);
    right[a] = std::clamp(right[a], least, 1 - least);
  }
  return right;
}

static Consensus aggregate(const AnswerTable& answers, const Probabilities&, const Params& params) {
  std::vector<double> accuracy;
  const double others = std::max(1.0, static_cast<double>(answers.classes) - 1);
  auto found = take_turns(
      answers, params,
      [&](std::span<const double> posteriors) { accuracy = accuracies(answers, posteriors); },
      [&](size_t item, std::span<double> row) {
        for (size_t j = answers.offsets[item]; j < answers.offsets[item + 1]; ++j) {
          const double s = accuracy[static_cast<size_t>(answers.annotator[j])];
          // The same for all classes but the answer, so only the difference is added.
          row[static_cast<size_t>(answers.label[j])] += std::log(s * others / (1 - s));
        }
      });
  return {.probabilities = std::move(found.values), .rounds = found.rounds};
}

ConsensusMethod one_coin() {
  return {
      .name = "one_coin",
      .summary =
          "Learns how often each annotator is right, whatever the class; for annotators with "
          "few answers.",
      .params = round_params(),
      .source = "Demartini, Difallah and Cudre-Mauroux 2012",
      .aggregate = aggregate,
  };
}

}  // namespace querist::consensus
