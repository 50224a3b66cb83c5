// What models say of labels that they did not see: one set of predictions a training step, read by
// everything that judges a model without the audit labels.
#pragma once

#include <optional>

#include "learners/learner.h"

namespace querist::loop {

inline constexpr size_t out_of_fold_folds = 5;
// Predictions are made anew once there are this many times the labels they were made for. Between,
// what was learnt from them is carried over: with m labels, a step costs 1 + 5 / (0.1 m) trainings
// on average where labels come one by one.
inline constexpr double out_of_fold_growth = 1.1;

inline bool has_outgrown(size_t labels, size_t fitted_labels) {
  return labels < fitted_labels ||
         static_cast<double>(labels) >= out_of_fold_growth * static_cast<double>(fitted_labels);
}

// (examples, classes) probabilities over five stratified folds; nothing with fewer than two labels
// a class on average, or of one class only. model: of the same data and params; what its training
// chose for itself (a strength) is kept, so that no fold searches again. copies: as in
// learners::out_of_fold_probabilities.
std::optional<Matrix> out_of_fold(const learners::Learner& learner, const Dataset& data,
                                  const Params& params, const learners::Model& model, uint64_t seed,
                                  const Progress& progress, size_t copies = 1);

}  // namespace querist::loop
