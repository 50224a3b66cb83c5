// Dawid and Skene (1979): each annotator has a confusion matrix of their own.
#include <cmath>

#include "consensus/consensus.h"
#include "consensus/parts/expectation.h"

namespace querist::consensus {

namespace {

struct Guess {
  const AnswerTable& table;
  double smoothing;
  std::vector<double> log_prior;      // (classes).
  std::vector<double> log_confusion;  // (annotators, classes: truth, classes: answer).

  void learn(std::span<const double> posteriors) {
    const size_t classes = table.classes;
    log_prior.assign(classes, 0);
    log_confusion.assign(table.annotators * classes * classes, smoothing);
    for (size_t i = 0; i < table.items; ++i) {
      const double* row = posteriors.data() + i * classes;
      for (size_t c = 0; c < classes; ++c) log_prior[c] += row[c];
      for (size_t j = table.offsets[i]; j < table.offsets[i + 1]; ++j) {
        double* matrix =
            log_confusion.data() + static_cast<size_t>(table.annotator[j]) * classes * classes;
        for (size_t c = 0; c < classes; ++c)
          matrix[c * classes + static_cast<size_t>(table.label[j])] += row[c];
      }
    }
    // A class that nobody is thought to have cannot come back: its logarithm is -inf.
    for (double& p : log_prior) p = std::log(p / static_cast<double>(table.items));
    for (size_t from = 0; from < log_confusion.size(); from += classes) {
      double sum = 0;
      for (size_t k = 0; k < classes; ++k) sum += log_confusion[from + k];
      for (size_t k = 0; k < classes; ++k)
        log_confusion[from + k] = std::log(log_confusion[from + k] / sum);
    }
  }

  void score(size_t item, std::span<double> row) const {
    const size_t classes = table.classes;
    for (size_t c = 0; c < classes; ++c) row[c] = log_prior[c];
    for (size_t j = table.offsets[item]; j < table.offsets[item + 1]; ++j) {
      const double* matrix =
          log_confusion.data() + static_cast<size_t>(table.annotator[j]) * classes * classes;
      for (size_t c = 0; c < classes; ++c)
        row[c] += matrix[c * classes + static_cast<size_t>(table.label[j])];
    }
  }
};

}  // namespace

static Consensus aggregate(const AnswerTable& answers, const Probabilities&, const Params& params) {
  Guess guess{answers, params.number("smoothing"), {}, {}};
  auto found = take_turns(
      answers, params, [&](std::span<const double> posteriors) { guess.learn(posteriors); },
      [&](size_t item, std::span<double> row) { guess.score(item, row); });
  return {.probabilities = std::move(found.values), .rounds = found.rounds};
}

ConsensusMethod dawid_skene() {
  return {
      .name = "dawid_skene",
      .summary =
          "Learns whom to believe about which class, from how annotators agree; for three "
          "answers an item or more.",
      .params = round_params({{.name = "smoothing",
                               .fallback = 0.01,
                               .min = 1e-9,
                               .max = 1e6,
                               .help = "Added to every cell of an annotator's confusion matrix."}}),
      .source = "Dawid and Skene 1979",
      .aggregate = aggregate,
  };
}

}  // namespace querist::consensus
