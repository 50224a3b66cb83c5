// Expected counts, and labels drawn from the probabilities for their spread.
#include "metrics/cbpe.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/rng.h"
#include "metrics/confusion.h"
#include "metrics/ranking.h"

namespace querist::metrics {

static void check(DoubleView probabilities, std::span<const int32_t> predicted,
                  const CbpeOptions& options) {
  if (probabilities.rows == 0) refuse("there are no rows to estimate from");
  if (probabilities.cols < 2) refuse("there must be at least two classes");
  if (predicted.size() != probabilities.rows)
    refuse("there are {} predictions for {} rows", predicted.size(), probabilities.rows);
  if (!options.scores.empty() && options.scores.size() != probabilities.rows)
    refuse("there are {} scores for {} rows", options.scores.size(), probabilities.rows);
  if (!options.scores.empty() && probabilities.cols != 2)
    refuse("scores rank rows of two classes only");
  if (!(options.confidence > 0 && options.confidence < 1))
    refuse("confidence must lie between 0 and 1, not {}", options.confidence);
  if (options.simulations < 2) refuse("an interval needs at least 2 simulations");
  for (size_t i = 0; i < probabilities.rows; ++i) {
    double sum = 0;
    bool inside = true;
    for (const double p : probabilities.row(i)) {
      sum += p;
      inside = inside && p >= 0 && p <= 1 + 1e-9;
    }
    if (!inside || !(std::abs(sum - 1) <= 1e-3))
      refuse("the probabilities of row {} must lie between 0 and 1 and sum to 1", i);
  }
}

static std::vector<NamedEstimate> named(bool binary) {
  if (!binary) return {{"accuracy", {}}, {"precision", {}}, {"recall", {}}, {"f1", {}}};
  return {{"accuracy", {}},    {"precision", {}}, {"recall", {}},           {"f1", {}},
          {"specificity", {}}, {"roc_auc", {}},   {"average_precision", {}}};
}

// The metrics in the order of named().
static std::vector<double> values_of(const Confusion& table,
                                     const std::optional<RankedScores>& rank,
                                     std::span<const double> positives,
                                     std::span<const double> negatives) {
  const Scores scores =
      table.classes == 2 ? class_scores(table, 1) : average_scores(table, Average::macro);
  std::vector<double> values = {accuracy(table), scores.precision, scores.recall, scores.f1};
  if (!rank) return values;
  values.push_back(class_scores(table, 0).recall);
  values.push_back(rank->roc_auc(positives, negatives));
  values.push_back(rank->average_precision(positives, negatives));
  return values;
}

static int32_t draw(std::span<const double> row, Rng& rng) {
  double point = rng.uniform();
  size_t k = 0;
  while (k + 1 < row.size() && point >= row[k]) point -= row[k++];
  return static_cast<int32_t>(k);
}

static void set_ends(Estimate& estimate, std::vector<double>& drawn, double confidence) {
  std::erase_if(drawn, [](double value) { return !std::isfinite(value); });
  estimate.method = "simulated";
  if (drawn.empty()) {
    estimate.ci_low = estimate.ci_high = NAN;
    return;
  }
  std::sort(drawn.begin(), drawn.end());
  const auto last = static_cast<double>(drawn.size() - 1);
  const double tail = (1 - confidence) / 2 * last;
  estimate.ci_low = drawn[static_cast<size_t>(std::floor(tail))];
  estimate.ci_high = drawn[static_cast<size_t>(std::ceil(last - tail))];
}

std::vector<NamedEstimate> cbpe(DoubleView probabilities, std::span<const int32_t> predicted,
                                const CbpeOptions& options) {
  check(probabilities, predicted, options);
  const size_t n = probabilities.rows;
  const bool binary = probabilities.cols == 2;
  std::vector<double> positives(n);
  std::vector<double> negatives(n);
  std::optional<RankedScores> rank;
  if (binary) {
    for (size_t i = 0; i < n; ++i) {
      negatives[i] = probabilities.row(i)[0];
      positives[i] = probabilities.row(i)[1];
    }
    rank.emplace(options.scores.empty() ? std::span<const double>(positives) : options.scores);
  }
  std::vector<NamedEstimate> all = named(binary);
  const auto expected =
      values_of(expected_confusion(probabilities, predicted), rank, positives, negatives);
  for (size_t at = 0; at < all.size(); ++at) all[at].estimate.value = expected[at];
  Rng rng(options.seed);
  std::vector<int32_t> labels(n);
  std::vector<std::vector<double>> drawn(all.size());
  for (size_t round = 0; round < options.simulations; ++round) {
    check_interrupt();
    for (size_t i = 0; i < n; ++i) {
      labels[i] = draw(probabilities.row(i), rng);
      positives[i] = labels[i] == 1;
      negatives[i] = 1 - positives[i];
    }
    const auto values =
        values_of(confusion(labels, predicted, probabilities.cols), rank, positives, negatives);
    for (size_t at = 0; at < all.size(); ++at) drawn[at].push_back(values[at]);
  }
  for (size_t at = 0; at < all.size(); ++at)
    set_ends(all[at].estimate, drawn[at], options.confidence);
  return all;
}

}  // namespace querist::metrics
