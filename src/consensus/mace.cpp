// MACE: each annotator knows the truth with a chance of their own, and else answers from a habit
// that does not look at the item (Hovy, Berg-Kirkpatrick, Vaswani and Hovy 2013).
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/interrupt.h"
#include "base/rng.h"
#include "consensus/consensus.h"
#include "consensus/parts/expectation.h"

namespace querist::consensus {

namespace {

class Mace {
 public:
  Mace(const AnswerTable& table, double smoothing)
      : table_(table),
        smoothing_(smoothing),
        knows_(table.annotators),
        habit_(table.annotators * table.classes) {}

  // The first start is the same for all annotators, further ones are drawn.
  void start(size_t restart) {
    Rng rng(mix_seed(0, restart));
    for (double& knows : knows_) knows = restart == 0 ? 0.5 : 0.05 + 0.9 * rng.uniform();
    for (size_t a = 0; a < table_.annotators; ++a) {
      double sum = 0;
      double* habit = habit_.data() + a * table_.classes;
      for (size_t c = 0; c < table_.classes; ++c) {
        habit[c] = restart == 0 ? 1 : 0.1 + rng.uniform();
        sum += habit[c];
      }
      for (size_t c = 0; c < table_.classes; ++c) habit[c] /= sum;
    }
  }

  // One round; gives the log-likelihood of the answers under the numbers before it.
  double round(std::vector<double>& posteriors, double& moved) {
    const size_t classes = table_.classes;
    std::vector<double> knew(table_.annotators);
    std::vector<double> habits(habit_.size());
    std::vector<double> row(classes);
    double likelihood = 0;
    moved = 0;
    for (size_t i = 0; i < table_.items; ++i) {
      likelihood += score(i, row);
      for (size_t c = 0; c < classes; ++c) {
        moved = std::max(moved, std::abs(row[c] - posteriors[i * classes + c]));
        posteriors[i * classes + c] = row[c];
      }
      for (size_t j = table_.offsets[i]; j < table_.offsets[i + 1]; ++j) {
        const auto a = static_cast<size_t>(table_.annotator[j]);
        const auto said = static_cast<size_t>(table_.label[j]);
        const double guess = (1 - knows_[a]) * habit_[a * classes + said];
        const double share = row[said] * knows_[a] / (knows_[a] + guess);
        knew[a] += share;
        habits[a * classes + said] += 1 - share;
      }
    }
    for (size_t a = 0; a < table_.annotators; ++a) {
      const auto answers = static_cast<double>(table_.per_annotator[a]);
      knows_[a] = (knew[a] + smoothing_) / (answers + 2 * smoothing_);
      const double total = answers - knew[a] + smoothing_ * static_cast<double>(classes);
      for (size_t c = 0; c < classes; ++c)
        habit_[a * classes + c] = (habits[a * classes + c] + smoothing_) / total;
    }
    return likelihood;
  }

 private:
  // The posterior of an item under a uniform prior; gives the logarithm of its answers' likelihood.
  double score(size_t item, std::vector<double>& row) const {
    std::fill(row.begin(), row.end(), 0.0);
    for (size_t j = table_.offsets[item]; j < table_.offsets[item + 1]; ++j) {
      const auto a = static_cast<size_t>(table_.annotator[j]);
      const auto said = static_cast<size_t>(table_.label[j]);
      const double guess = (1 - knows_[a]) * habit_[a * table_.classes + said];
      for (size_t c = 0; c < table_.classes; ++c)
        row[c] += std::log(c == said ? knows_[a] + guess : guess);
    }
    const double top = *std::max_element(row.begin(), row.end());
    double sum = 0;
    for (const double value : row) sum += std::exp(value - top);
    normalise_logs(row);
    return top + std::log(sum / static_cast<double>(table_.classes));
  }

  const AnswerTable& table_;
  double smoothing_;
  std::vector<double> knows_;  // (annotators).
  std::vector<double> habit_;  // (annotators, classes).
};

}  // namespace

static Consensus aggregate(const AnswerTable& answers, const Probabilities&, const Params& params) {
  Consensus best;
  double best_likelihood = -std::numeric_limits<double>::infinity();
  const auto restarts = static_cast<size_t>(params.integer("restarts"));
  const auto most = static_cast<size_t>(params.integer("max_rounds"));
  for (size_t restart = 0; restart < restarts; ++restart) {
    Mace mace(answers, params.number("smoothing"));
    mace.start(restart);
    Consensus found{.probabilities = vote_shares(answers)};
    double likelihood = 0;
    double moved = 1;
    while (found.rounds < most && moved > params.number("tolerance")) {
      check_interrupt();
      likelihood = mace.round(found.probabilities, moved);
      ++found.rounds;
    }
    if (likelihood > best_likelihood) {
      best_likelihood = likelihood;
      best = std::move(found);
    }
  }
  return best;
}

ConsensusMethod mace() {
  return {
      .name = "mace",
      .summary = "Tells who knows the truth from who answers by habit; for crowds with spammers.",
      .params = round_params({{.name = "smoothing",
                               .fallback = 0.01,
                               .min = 1e-9,
                               .max = 1e6,
                               .help = "Added to every count of an annotator."},
                              {.name = "restarts",
                               .fallback = 10,
                               .min = 1,
                               .max = 1000,
                               .whole = true,
                               .help = "Starts, of which the likeliest end is kept."}}),
      .source = "Hovy, Berg-Kirkpatrick, Vaswani and Hovy 2013",
      .aggregate = aggregate,
  };
}

}  // namespace querist::consensus
