// The gate: pseudo-labels are used only where they make predictions of held-out labels better by
// more than chance.
#pragma once

#include "metrics/one_standard_error.h"
#include "pseudo_labelers/pseudo_labeler.h"

namespace querist::pseudo_labelers {

struct GateMethod {
  const PseudoLabeler* labeler = nullptr;
  Params params;
};

struct GateDecision {
  const PseudoLabeler* chosen = nullptr;  // Null: the given labels alone.
  // Log losses out of fold: of the given labels alone, then of each method. Empty where nothing
  // could be compared: fewer than two classes among the labels, no unlabelled row, no method.
  std::vector<metrics::PairedGain> methods;
  PseudoLabels pseudo;  // Of the chosen method, from all labels.
};

// Cross-validates over the labelled rows (stratified; a held-out row is of neither set), trains on
// what is left with and without each method's pseudo-labels, and chooses by the one-standard-error
// rule on the log losses (p clipped to [1e-15, 1]) in favour of the given labels alone. Costs
// folds · (methods + 1) trainings beside the methods' own. folds: from 2; no more than labelled
// rows are used. Throws as `label` does.
GateDecision gate(const PartlyLabeled& data, std::span<const GateMethod> methods,
                  const Trainer& train, size_t folds, uint64_t seed, const Progress& progress);

}  // namespace querist::pseudo_labelers
