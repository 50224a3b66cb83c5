// Chooses how strongly a head may fit its labels, by how well it predicts rows it did not see.
#pragma once

#include <optional>

#include "base/progress.h"
#include "learners/logistic_regression/row_space.h"
#include "learners/logistic_regression/softmax_problem.h"

namespace querist::learners {

// The C of least out-of-fold log-loss among 10^(k/2) / mean|x|^2, k = -4 … 8, found by walking from
// `near` (or from 10 / mean|x|^2) while the loss falls: 5 folds, 3 from 1,000 rows on. Classes with
// one row are left out of the search. Below 10 rows or two such classes there is nothing to choose
// by, and the answer is 1.
double choose_strength(const Problem& problem, std::optional<double> near, uint64_t seed,
                       const Progress& progress);

// The same in the span of the problem's rows. Leaves where a fit of all rows at the answer ended,
// to start from; empty where there was nothing to choose by or classes were left out.
double choose_strength(const RowSpace& space, const Problem& problem, std::optional<double> near,
                       uint64_t seed, const Progress& progress, RowPoint& point);

}  // namespace querist::learners
