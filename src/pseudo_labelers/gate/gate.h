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

// What a held-out label costs: -ln p of it (p clipped to [1e-15, 1]), or 1 where another class is
// likelier. With few labels a model's probabilities are far from 0 and 1 for want of evidence and
// not of knowledge, which log losses hold against it; errors do not.
enum class GateLoss { log_loss, error };

struct GateRule {
  GateLoss loss = GateLoss::log_loss;
  // Deals of the folds at most, over which a row's losses are averaged; none follows once a method
  // gains more than three standard errors. A method that is worse than
  // the given labels alone by more than one standard error over the deals so far is not tried in
  // the next: there it counts as they do.
  size_t repeats = 1;
};

// One a label of (n, classes) probabilities.
std::vector<double> losses_of(std::span<const int32_t> labels, const Matrix& probabilities,
                              GateLoss loss);

struct GateDecision {
  const PseudoLabeler* chosen = nullptr;  // Null: the given labels alone.
  size_t place = 0;                       // Of the chosen one in `methods`.
  // Losses out of fold: of the given labels alone, then of each method. Empty where nothing could
  // be compared: no class but one with two labels, no unlabelled row, no method.
  std::vector<metrics::PairedGain> methods;
  size_t rows = 0;      // Held-out labels that were compared.
  PseudoLabels pseudo;  // Of the chosen method, from all labels.
};

// Cross-validates over the labelled rows of classes with at least two (stratified; a held-out row
// is of neither set; the only label of a class is always trained on), trains on what is left with
// and without each method's pseudo-labels, and chooses by the one-standard-error rule on the losses
// in favour of the given labels alone. Costs at most repeats · folds · (methods + 1) trainings
// beside the methods' own. folds: from 2; no more than such rows are used. Throws as `label` does.
GateDecision gate(const PartlyLabeled& data, std::span<const GateMethod> methods,
                  const Trainer& train, size_t folds, uint64_t seed, const Progress& progress,
                  const GateRule& rule = {});

}  // namespace querist::pseudo_labelers
