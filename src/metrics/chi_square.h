// Whether counts of classes can have come from given shares (Pearson 1900).
#pragma once

#include <cstdint>
#include <span>

#include "metrics/paired_tests.h"

namespace querist::metrics {

// P[X > x] for X chi-square with `degrees` degrees of freedom, by the series or the continued
// fraction of the incomplete gamma function (Abramowitz and Stegun 1964, 6.5.29 and 6.5.31);
// x >= 0, degrees > 0.
double chi_square_tail(double x, double degrees);

// Pearson's test of counts against shares, which are scaled to sum to 1. Classes of which less than
// one is expected are taken together (Cochran 1954), and where together less than one is expected
// still, it counts as one, so that a single odd row is no evidence. With one class left p = 1.
// Refuses spans of different length, negative or NaN values, and no count or share above zero.
TestResult chi_square_fit(std::span<const int64_t> counts, std::span<const double> shares);

}  // namespace querist::metrics
