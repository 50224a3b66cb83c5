// A data set made ready for the solver: float32 rows, only the columns and classes that occur,
// weights per row.
#pragma once

#include "data/dataset.h"
#include "learners/logistic_regression/softmax_problem.h"

namespace querist::learners {

struct TrainingRows {
  OwnedFeatures owned;           // Filled where the rows had to be copied; `problem` looks at it.
  std::vector<int32_t> columns;  // Sparse: the original number of each column of `problem`.
  std::vector<int32_t> present;  // The original class of each class of `problem`, ascending.
  Problem problem;
};

// balanced: a row also weighs rows / (classes present * rows of its class), as in scikit-learn.
TrainingRows prepare(const Dataset& data, bool balanced);

// The chosen rows in their order, their classes renumbered.
TrainingRows choose_rows(const Problem& problem, std::span<const int64_t> rows);

}  // namespace querist::learners
