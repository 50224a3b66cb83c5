// How far predicted numbers lie from the true ones.
#pragma once

#include <span>

#include "metrics/estimate.h"

namespace querist::metrics {

// All of them refuse spans of different length, no rows, and numbers that are not finite. Weights:
// one a row, or empty.
double root_mean_squared_error(std::span<const double> targets, std::span<const double> predicted,
                               std::span<const double> weights = {});
double mean_absolute_error(std::span<const double> targets, std::span<const double> predicted,
                           std::span<const double> weights = {});

// 1 - squared error / squared error of the mean. Where the targets do not vary: 1 if all are met,
// else 0, as in scikit-learn.
double r_squared(std::span<const double> targets, std::span<const double> predicted,
                 std::span<const double> weights = {});

// The loss whose best prediction is the quantile (Koenker and Bassett 1978): each unit too low
// costs `quantile`, each too high 1 - quantile.
double pinball_loss(std::span<const double> targets, std::span<const double> predicted,
                    double quantile, std::span<const double> weights = {});

// The share of targets with low <= target <= high, with Wilson's interval.
Estimate interval_coverage(std::span<const double> targets, std::span<const double> low,
                           std::span<const double> high, double confidence = 0.95);

}  // namespace querist::metrics
