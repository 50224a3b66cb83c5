// Predictions for labelled rows by models that did not see them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "learners/learner.h"

namespace querist::learners {

// Row i's probabilities come from a model trained on the other folds; (rows, classes). Needs 2 <=
// folds <= rows. Folds train in parallel.
Matrix out_of_fold_probabilities(const Learner& learner, const Dataset& data, const Params& params,
                                 size_t folds, uint64_t seed, const Progress& progress = {});

}  // namespace querist::learners
