// Fits a linear softmax head column by column of its rows: for more rows than columns, or from an
// earlier head on.
#pragma once

#include "base/progress.h"
#include "learners/logistic_regression/softmax_problem.h"

namespace querist::learners {

// Starts from `point` and leaves the best point there, by limited-memory quasi-Newton steps (Liu
// and Nocedal 1989). The same on any number of threads.
FitResult fit_columns(const Problem& problem, double strength, const FitOptions& options,
                      const Progress& progress, std::vector<double>& point);

}  // namespace querist::learners
