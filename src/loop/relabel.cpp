// Scores of both kinds on one scale, and the evidence that annotators err.
#include "loop/relabel.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.h"
#include "consensus/active_lab/active_lab.h"
#include "metrics/intervals.h"

namespace querist::loop {

static void count_pairs(const consensus::AnswerTable& table, Relabel& relabel) {
  for (size_t item = 0; item < table.items; ++item) {
    const auto labels = table.labels_of(item);
    relabel.twice_answered += labels.size() > 1;
    for (size_t i = 0; i < labels.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        ++relabel.pairs;
        relabel.agreeing_pairs += labels[i] == labels[j];
      }
    }
  }
}

// Annotators who agree on nearly everything are not asked twice.
static bool are_careful(const Relabel& relabel) {
  return relabel.twice_answered >= enough_twice_answered &&
         metrics::wilson_interval(relabel.agreeing_pairs, relabel.pairs).ci_low >
             agreement_of_the_careful;
}

// The score that the `batch`-th lowest of items and candidates has.
static double score_bought(const consensus::ActiveLab& scores, size_t batch) {
  std::vector<double> all = scores.scores;
  for (const double score : scores.unlabeled_scores) {
    if (!std::isnan(score)) all.push_back(score);
  }
  const size_t rank = std::min(batch, all.size());
  if (rank == 0) return 0;
  const auto at = all.begin() + static_cast<std::ptrdiff_t>(rank - 1);
  std::nth_element(all.begin(), at, all.end());
  return *at;
}

Relabel items_to_relabel(const AnswersSoFar& so_far, size_t batch) {
  Relabel relabel;
  const auto& answers = so_far.answers;
  const auto annotators = std::set(answers.annotators.begin(), answers.annotators.end()).size();
  if (annotators < 2 || so_far.out_of_fold.rows == 0) {
    relabel.sentence = "Nothing is asked again: only one annotator has answered.";
    return relabel;
  }
  const auto table =
      consensus::answer_table(answers, so_far.out_of_fold.rows, so_far.out_of_fold.cols);
  count_pairs(table, relabel);
  if (are_careful(relabel)) {
    relabel.sentence =
        fmt::format("Nothing is asked again: {} of {} pairs of answers to the same example agree.",
                    relabel.agreeing_pairs, relabel.pairs);
    return relabel;
  }
  const auto scores = consensus::active_lab(answers, so_far.out_of_fold, so_far.unlabeled);
  const double worst = score_bought(scores, batch);
  for (size_t item = 0; item < table.items; ++item) {
    const bool wanted = scores.scores[item] <= worst && table.count(item) < most_answers;
    if (wanted && so_far.eligible[item]) relabel.items.push_back(item);
  }
  std::stable_sort(relabel.items.begin(), relabel.items.end(),
                   [&](size_t a, size_t b) { return scores.scores[a] < scores.scores[b]; });
  relabel.items.resize(std::min(relabel.items.size(), batch / 2));
  relabel.sentence = fmt::format(
      "{} of {} ask for one more answer to a labelled example, which is expected to tell more than "
      "a new label ({} of {} pairs of answers to the same example agree).",
      relabel.items.size(), batch, relabel.agreeing_pairs, relabel.pairs);
  return relabel;
}

}  // namespace querist::loop
