// Cross-validation with and without pseudo-labels.
#include "pseudo_labelers/gate/gate.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "metrics/classification.h"
#include "metrics/stratified_folds.h"

namespace querist::pseudo_labelers {

static constexpr double clear_gain = 3;  // Standard errors beyond which no further deal is asked.
static constexpr size_t always_trained_on = SIZE_MAX;

// The fold of each labelled row; of a class's only label always_trained_on. Empty where fewer than
// two classes can be held out.
static std::vector<size_t> folds_of(const PartlyLabeled& data, size_t folds, uint64_t seed) {
  std::vector<size_t> counts(data.classes);
  for (const int32_t label : data.labels) ++counts[static_cast<size_t>(label)];
  if (std::ranges::count_if(counts, [](size_t count) { return count >= 2; }) < 2) return {};
  std::vector<int32_t> labels;
  for (const int32_t label : data.labels) {
    if (counts[static_cast<size_t>(label)] >= 2) labels.push_back(label);
  }
  const auto dealt = metrics::stratified_folds(labels, data.classes, folds, seed);
  std::vector<size_t> fold;
  size_t at = 0;
  for (const int32_t label : data.labels)
    fold.push_back(counts[static_cast<size_t>(label)] >= 2 ? dealt[at++] : always_trained_on);
  return fold;
}

namespace {

struct Held {
  std::vector<int64_t> rows;
  std::vector<int32_t> labels;
  std::vector<size_t> places;  // Among the rows that are held out once.
};

}  // namespace

std::vector<double> losses_of(std::span<const int32_t> labels, const Matrix& probabilities,
                              GateLoss loss) {
  if (loss == GateLoss::log_loss) return metrics::log_losses(labels, probabilities);
  const auto predicted = metrics::likeliest(probabilities);
  std::vector<double> errors;
  for (size_t i = 0; i < labels.size(); ++i) errors.push_back(predicted[i] != labels[i]);
  return errors;
}

// Writes each held-out row's loss under a model of the data and the pseudo-labels.
static void score(const PartlyLabeled& data, const PseudoLabels& pseudo, const Held& held,
                  const Trainer& train, GateLoss loss, std::vector<double>& losses) {
  OwnedFeatures own;
  const Predictor predict = train(with_pseudo_labels(data, pseudo, own));
  Matrix probabilities;
  predict(take_rows(data.features, held.rows).view(), probabilities);
  const auto own_losses = losses_of(held.labels, probabilities, loss);
  for (size_t i = 0; i < held.places.size(); ++i) losses[held.places[i]] = own_losses[i];
}

static PseudoLabels pseudo_of(const PartlyLabeled& data, const GateMethod& method,
                              const Trainer& train, uint64_t seed, const Progress& progress) {
  return label(*method.labeler, data, method.params, train, seed, progress);
}

// Adds each held-out row's loss, without and with each method, under one deal of the folds. A
// method that is not `tried` counts as if it labelled nothing.
static void add_losses(const PartlyLabeled& data, std::span<const GateMethod> methods,
                       std::span<const char> tried, const Trainer& train,
                       std::span<const size_t> fold, size_t folds, uint64_t seed,
                       const GateRule& rule, const Progress& progress,
                       std::vector<std::vector<double>>& sums) {
  auto losses = sums;
  for (size_t f = 0; f < folds; ++f) {
    progress.check();
    progress.at(static_cast<double>(f), static_cast<double>(folds), "folds");
    std::vector<int64_t> rows;
    std::vector<int32_t> labels;
    Held held;
    size_t place = 0;
    for (size_t i = 0; i < fold.size(); ++i) {
      (fold[i] == f ? held.rows : rows).push_back(data.labeled[i]);
      (fold[i] == f ? held.labels : labels).push_back(data.labels[i]);
      if (fold[i] == f) held.places.push_back(place);
      place += fold[i] != always_trained_on;
    }
    if (held.rows.empty()) continue;  // Fewer labels than folds.
    PartlyLabeled part = data;
    part.labeled = rows;
    part.labels = labels;
    score(part, {}, held, train, rule.loss, losses[0]);
    for (size_t m = 0; m < methods.size(); ++m) {
      PseudoLabels pseudo;
      if (tried[m]) pseudo = pseudo_of(part, methods[m], train, mix_seed(seed, f + 1), progress);
      if (pseudo.rows.empty()) {
        for (const size_t at : held.places) losses[m + 1][at] = losses[0][at];
      } else {
        score(part, pseudo, held, train, rule.loss, losses[m + 1]);
      }
    }
  }
  for (size_t m = 0; m < sums.size(); ++m) {
    for (size_t i = 0; i < sums[m].size(); ++i) sums[m][i] += losses[m][i];
  }
}

GateDecision gate(const PartlyLabeled& data, std::span<const GateMethod> methods,
                  const Trainer& train, size_t folds, uint64_t seed, const Progress& progress,
                  const GateRule& rule) {
  if (folds < 2) refuse("folds must be at least 2, not {}", folds);
  GateDecision decision;
  folds = std::min(folds, std::max<size_t>(2, data.labeled.size()));
  auto fold = folds_of(data, folds, mix_seed(seed, 0));
  if (fold.empty() || data.unlabeled.empty() || methods.empty()) {
    for (const GateMethod& method : methods)
      pseudo_of(data, method, train, seed, progress);  // Checks the data.
    return decision;
  }
  decision.rows = fold.size() - static_cast<size_t>(std::ranges::count(fold, always_trained_on));
  using Losses = std::vector<std::vector<double>>;
  Losses sums(methods.size() + 1, std::vector<double>(decision.rows));
  metrics::OneStandardErrorChoice found;
  std::vector<char> tried(methods.size(), true);
  for (size_t repeat = 0; repeat < rule.repeats; ++repeat) {
    if (repeat > 0) fold = folds_of(data, folds, mix_seed(mix_seed(seed, 0), repeat));
    add_losses(data, methods, tried, train, fold, folds, seed, rule, progress, sums);
    Losses means = sums;
    for (auto& row : means) {
      for (double& loss : row) loss /= static_cast<double>(repeat + 1);
    }
    found = metrics::choose_by_one_standard_error(means);
    for (size_t m = 0; m < methods.size(); ++m)
      tried[m] &= found.methods[m + 1].gain >= -found.methods[m + 1].standard_error;
    const auto& best = found.methods[found.chosen];
    if (found.chosen > 0 && best.gain > clear_gain * best.standard_error) break;
  }
  decision.methods = found.methods;
  if (found.chosen == 0) return decision;
  const GateMethod& best = methods[found.chosen - 1];
  decision.chosen = best.labeler;
  decision.place = found.chosen;
  decision.pseudo = pseudo_of(data, best, train, seed, progress);
  return decision;
}

}  // namespace querist::pseudo_labelers
