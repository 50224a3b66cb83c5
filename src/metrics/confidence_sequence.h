// Intervals for a mean that stay right however often one looks and whenever one stops
// (Waudby-Smith and Ramdas 2023).
#pragma once

#include <span>
#include <vector>

#include "metrics/estimate.h"

namespace querist::metrics {

// Values in [0, 1], in the order of their draw. Independent draws of one mean, or, with pool_size,
// drawn uniformly without replacement from a pool of that many: the mean is then the pool's. With
// the stated chance the interval holds the mean at every number of values at once.

// Diversified bets for and against each mean, at fixed shares of the wealth: "betting". A mean once
// ruled out stays out, so with more values the interval only shrinks. O(n) for each of 80
// bisections.
Estimate betting_interval(std::span<const double> values, double confidence = 0.95,
                          size_t pool_size = 0);

// What the bets on all values up to the last rule out, and none that only earlier ones did: as
// valid at every number of values at once, and it holds the values' own mean always, where a mean
// that drifts while they come in can leave the one above. It may widen again. Independent draws
// only.
Estimate present_betting_interval(std::span<const double> values, double confidence = 0.95);

// The first after each number of values in `looks`.
std::vector<Estimate> betting_sequence(std::span<const double> values,
                                       std::span<const size_t> looks, double confidence = 0.95,
                                       size_t pool_size = 0);

// Predictable plug-in empirical Bernstein: closed form in O(n), wider, most of all on few values;
// independent draws only. "empirical_bernstein".
Estimate empirical_bernstein_interval(std::span<const double> values, double confidence = 0.95);

}  // namespace querist::metrics
