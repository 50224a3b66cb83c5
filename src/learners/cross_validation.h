// Predictions for labelled rows by models that did not see them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "learners/learner.h"

namespace querist::learners {

// Example i's probabilities come from a model trained on the other folds; (examples, classes).
// Needs 2 <= folds <= examples. copies: how often each example is in the data, all as they are
// first, then all once more changed, and so on; those of an example share its fold, and the first
// is asked about. Folds train in parallel.
Matrix out_of_fold_probabilities(const Learner& learner, const Dataset& data, const Params& params,
                                 size_t folds, uint64_t seed, const Progress& progress = {},
                                 size_t copies = 1);

}  // namespace querist::learners
