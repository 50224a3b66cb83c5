// Whether one group of rows does worse than another, and by how much.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "metrics/estimate.h"

namespace querist::metrics {

struct Comparison {
  Estimate difference;  // The first group's mean minus the second's.
  double p_value = 1;   // One-sided: the chance of so large a difference or a larger if none is.
};

// Two shares of successes; both groups need a trial. Fisher's exact test (1935) given the margins,
// and Newcombe's interval (1998, his method 10) from two Wilson intervals: both hold for few rows
// and at 0 and 1, where a normal approximation has no width.
Comparison compare_shares(int64_t first_successes, int64_t first_trials, int64_t second_successes,
                          int64_t second_trials, double confidence = 0.95);

// Two means of any numbers, by Welch's test (1947), which asks for no equal variances; each group
// needs two rows. Where neither varies, p is 0 for a larger first mean, else 1.
Comparison compare_means(std::span<const double> first, std::span<const double> second,
                         double confidence = 0.95);

// The same from counts, sums and sums of squares about any one centre.
struct Moments {
  int64_t count = 0;
  double sum = 0;
  double squares = 0;
};
Comparison compare_means(const Moments& first, const Moments& second, double confidence = 0.95);

// The least share of false findings at which each test of a family would still be a finding: those
// up to q keep the expected share of false ones among them to q, for independent or positively
// dependent tests (Benjamini and Hochberg 1995).
std::vector<double> benjamini_hochberg(std::span<const double> p_values);

}  // namespace querist::metrics
