// Cross-validation with and without pseudo-labels.
#include "pseudo_labelers/gate/gate.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "metrics/classification.h"
#include "metrics/stratified_folds.h"

namespace querist::pseudo_labelers {

static bool has_two_classes(std::span<const int32_t> labels) {
  return std::ranges::adjacent_find(labels, std::not_equal_to()) != labels.end();
}

namespace {

struct Held {
  std::vector<int64_t> rows;
  std::vector<int32_t> labels;
  std::vector<size_t> places;  // Among the labelled rows.
};

}  // namespace

// Writes each held-out row's log loss under a model of the data and the pseudo-labels.
static void score(const PartlyLabeled& data, const PseudoLabels& pseudo, const Held& held,
                  const Trainer& train, std::vector<double>& losses) {
  OwnedFeatures own;
  const Predictor predict = train(with_pseudo_labels(data, pseudo, own));
  Matrix probabilities;
  predict(take_rows(data.features, held.rows).view(), probabilities);
  const auto own_losses = metrics::log_losses(held.labels, probabilities);
  for (size_t i = 0; i < held.places.size(); ++i) losses[held.places[i]] = own_losses[i];
}

GateDecision gate(const PartlyLabeled& data, std::span<const GateMethod> methods,
                  const Trainer& train, size_t folds, uint64_t seed, const Progress& progress) {
  if (folds < 2) refuse("folds must be at least 2, not {}", folds);
  GateDecision decision;
  const auto pseudo_of = [&](const PartlyLabeled& part, const GateMethod& method, uint64_t own) {
    return label(*method.labeler, part, method.params, train, own, progress);
  };
  if (!has_two_classes(data.labels) || data.unlabeled.empty() || methods.empty()) {
    for (const GateMethod& method : methods) pseudo_of(data, method, seed);  // Checks the data.
    return decision;
  }
  folds = std::min(folds, data.labeled.size());
  const std::vector<size_t> fold =
      metrics::stratified_folds(data.labels, data.classes, folds, mix_seed(seed, 0));
  std::vector<std::vector<double>> losses(methods.size() + 1,
                                          std::vector<double>(data.labeled.size()));
  for (size_t f = 0; f < folds; ++f) {
    progress.check();
    progress.at(static_cast<double>(f), static_cast<double>(folds), "folds");
    std::vector<int64_t> rows;
    std::vector<int32_t> labels;
    Held held;
    for (size_t i = 0; i < fold.size(); ++i) {
      (fold[i] == f ? held.rows : rows).push_back(data.labeled[i]);
      (fold[i] == f ? held.labels : labels).push_back(data.labels[i]);
      if (fold[i] == f) held.places.push_back(i);
    }
    PartlyLabeled part = data;
    part.labeled = rows;
    part.labels = labels;
    score(part, {}, held, train, losses[0]);
    for (size_t m = 0; m < methods.size(); ++m) {
      const PseudoLabels pseudo = pseudo_of(part, methods[m], mix_seed(seed, f + 1));
      if (pseudo.rows.empty()) {
        for (const size_t place : held.places) losses[m + 1][place] = losses[0][place];
      } else {
        score(part, pseudo, held, train, losses[m + 1]);
      }
    }
  }
  const auto found = metrics::choose_by_one_standard_error(losses);
  decision.methods = found.methods;
  if (found.chosen == 0) return decision;
  const GateMethod& best = methods[found.chosen - 1];
  decision.chosen = best.labeler;
  decision.pseudo = pseudo_of(data, best, seed);
  return decision;
}

}  // namespace querist::pseudo_labelers
