// Many methods compared at once on the same data sets or seeds: corrected p values, mean ranks.
#pragma once

#include <span>
#include <vector>

#include "metrics/paired_tests.h"

namespace querist::metrics {

// P values of a family of tests, each raised so that rejecting those below alpha makes one error or
// more with chance alpha at most (Holm 1979); in the order given, at most 1.
std::vector<double> holm(std::span<const double> p_values);

// Ranks of one block's values, 1 for the largest; ties share their mean rank. Neighbours no further
// apart than tied_within are tied.
std::vector<double> descending_ranks(std::span<const double> values, double tied_within = 0);

// Whether the methods' mean ranks differ by more than chance (Friedman 1937), ties corrected.
// values: one block of `methods` numbers after another; at least two methods and two blocks. The
// statistic is F in the form of Iman and Davenport (1980), infinite where all blocks rank alike.
// The p value is exact, by counting through the ranks within blocks, where these have at most
// friedman_exact_up_to arrangements (three methods on six blocks or fewer) or all blocks rank
// alike; else F's.
inline constexpr double friedman_exact_up_to = 20'000;
TestResult friedman(std::span<const double> values, size_t methods);

// Mean ranks further apart than this differ at level alpha (Nemenyi 1963; Demšar 2006). Two methods
// or more on `blocks` data sets or seeds.
double critical_difference(size_t methods, size_t blocks, double alpha = 0.05);

}  // namespace querist::metrics
