// Intervals for proportions, means and any statistic of a sample.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "metrics/estimate.h"

namespace querist::metrics {

// A share of successes (Wilson 1927). Needs trials > 0.
Estimate wilson_interval(int64_t successes, int64_t trials, double confidence = 0.95);

// The same where rows of a group (a document, a patient) are alike: Wilson's interval of as many
// independent rows as these are worth, by the design effect (Kish 1965) between the groups and
// Student's t for few of them (Korn and Graubard 1998); never more than there are rows, and the
// number of groups where all rows agree. hits, groups: one a row; groups 0 … below 2^31. Method
// "cluster_wilson".
Estimate cluster_share_interval(std::span<const uint8_t> hits, std::span<const int32_t> groups,
                                double confidence = 0.95);

// The least share under which so many successes or more still have the chance `risk`: a share below
// it is ruled out but for that chance, whatever the number of trials (Clopper and Pearson 1934).
double exact_lower_bound(int64_t successes, int64_t trials, double risk);

// The mean of independent shares, such as the recalls that make balanced accuracy: Wilson intervals
// combined by MOVER (Zou and Donner 2008), honest at 0 and 1 where a bootstrap has no width. Shares
// without trials are left out; at least one must have some.
struct Share {
  int64_t successes = 0;
  int64_t trials = 0;
};
Estimate mean_share_interval(std::span<const Share> shares, double confidence = 0.95);

// The mean of at least two values, for example over seeds (Student 1908).
Estimate student_t_interval(std::span<const double> values, double confidence = 0.95);

// A statistic of rows, given as row numbers with repeats: how a resample reaches any metric.
using Statistic = std::function<double(std::span<const size_t> rows)>;

// Percentile bootstrap (Efron 1979): quantiles of the statistic over seeded resamples of n rows.
Estimate bootstrap_interval(size_t n, const Statistic& statistic, uint64_t seed,
                            size_t resamples = 1000, double confidence = 0.95);

// Corrected for bias and skewness (BCa, Efron 1987); also evaluates the statistic n times for the
// jackknife.
Estimate bca_interval(size_t n, const Statistic& statistic, uint64_t seed, size_t resamples = 2000,
                      double confidence = 0.95);

// BCa's interval from what it is made of: the statistic, its values on resamples, and without each
// row in turn. Where the correction is so large that the interval would not hold the value (most
// resamples lie on one side of it, as those of a calibration error do) it is the percentiles', with
// the method "bootstrap"; that one may not hold the value either.
Estimate bca_from(double value, std::vector<double> resampled, std::span<const double> without,
                  double confidence);

// Mean of a[i] - b[i] over paired rows, by percentile bootstrap of the pairs.
Estimate paired_bootstrap(std::span<const double> a, std::span<const double> b, uint64_t seed,
                          size_t resamples = 2000, double confidence = 0.95);

double mean(std::span<const double> values);
double standard_deviation(std::span<const double> values);  // Divides by n - 1; 0 for one value.

}  // namespace querist::metrics
