// The mean over a pool from a sample that was drawn stratum by stratum (Neyman 1934).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "metrics/estimate.h"

namespace querist::metrics {

// How many of `count` labels each stratum gets so that the variance of the estimate, the sum of
// (size * deviation)^2 / labels, is least: exact in whole numbers (Wright 2012). Each stratum gets
// at least min(at_least, size) and at most size; where the deviations left are 0, by size. Ties go
// to the lower stratum. Refuses a count below the least or above all sizes.
std::vector<int64_t> neyman_allocation(std::span<const int64_t> sizes,
                                       std::span<const double> deviations, int64_t count,
                                       int64_t at_least = 2);

// Strata 0 … strata-1 of rows in the order of their expected deviation (of the loss), cut so that
// each holds about an equal share of the sum of deviations (after Dalenius and Hodges 1959), and at
// least two rows. Equal shares of rows where all deviations are 0. Refuses fewer than 2 * strata
// rows.
std::vector<int32_t> strata_by_deviation(std::span<const double> deviations, size_t strata);

// values[i] was drawn uniformly without replacement from stratum strata[i], which has
// sizes[strata[i]] rows. The sum of size-weighted means. Where all values are 0 or 1: Wilson
// intervals of the strata, corrected for the finite stratum and combined by MOVER (Zou and Donner
// 2008), "stratified_wilson", honest where a stratum shows one answer only. Else Student's with the
// degrees of Satterthwaite 1946, "stratified_t", which needs two values a stratum. Refuses a
// stratum with rows but no value.
Estimate stratified_estimate(std::span<const double> values, std::span<const int32_t> strata,
                             std::span<const int64_t> sizes, double confidence = 0.95);

}  // namespace querist::metrics
