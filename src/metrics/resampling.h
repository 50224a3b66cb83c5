// An interval for any metric that takes weights: rows, or whole groups of rows, are drawn again
// with replacement.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "metrics/estimate.h"

namespace querist::metrics {

// A metric of all rows, each counted weights[row] times: a resample is a vector of counts, so that
// what is costly (an order, say) is made once. NaN where the metric is not defined, for example an
// area under the curve of one class.
using WeightedStatistic = std::function<double(std::span<const double> weights)>;

struct Resampling {
  // One a row; rows of a group (a document, a patient) are drawn together. Empty: each row alone.
  std::span<const int32_t> groups{};
  uint64_t seed = 0;
  size_t resamples = 2000;
  double confidence = 0.95;
};

// BCa (Efron 1987), over rows ("bca") or over groups ("cluster_bca", Field and Welsh 2007). Draws
// in which the metric is not defined are left out; refuses where more than half of them are, or
// with fewer than two units. The acceleration comes from leaving out each unit, or one of 1,000
// blocks of units where there are more. Costs resamples + min(units, 1000) evaluations.
Estimate resampled_interval(size_t rows, const WeightedStatistic& statistic,
                            const Resampling& how = {});

}  // namespace querist::metrics
