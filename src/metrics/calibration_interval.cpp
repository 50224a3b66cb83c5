// Normal gaps, folded where the error takes their size.
#include "metrics/calibration_interval.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "metrics/calibration.h"
#include "metrics/class_calibration.h"
#include "metrics/intervals.h"

namespace querist::metrics {

static constexpr double normal_95 = 1.959963984540054;

// What a bin has of one class's probabilities p and outcomes y (0 or 1).
struct GapBin {
  double count = 0;
  double gap = 0;      // Sum of p - y.
  double squares = 0;  // Sum of (p - y)².
  double hits = 0;     // Sum of y.
  double claimed = 0;  // Sum of p (1 - p): the gap's variance if the probabilities hold.

  void add(double p, bool y) {
    const double residual = p - y;
    ++count;
    gap += residual;
    hits += y;
    squares += residual * residual;
    claimed += p * (1 - p);
  }
  double variance() const {
    const double seen = count < 2 ? 0 : (squares - gap * gap / count) * count / (count - 1);
    return std::max(claimed, seen);
  }
};

// What |x| is expected to exceed |mean| by for a normal x.
static double folded_excess(double mean, double deviation) {
  if (deviation <= 0) return 0;
  const double ratio = mean / deviation;
  return deviation * std::sqrt(2 / std::numbers::pi) * std::exp(-ratio * ratio / 2) -
         mean * std::erfc(ratio / std::numbers::sqrt2);
}

// What chance may have added to the sum of the gaps' sizes.
static double overstatement(std::span<const GapBin> bins) {
  double sum = 0;
  for (const GapBin& bin : bins) {
    const double deviation = std::sqrt(bin.variance());
    sum += folded_excess(std::max(0.0, std::abs(bin.gap) - 2 * deviation), deviation);
  }
  return sum;
}

static Estimate folded_normal(double value, double excess, double variance) {
  const double reach = normal_95 * std::sqrt(variance);
  return {value, std::max(0.0, value - excess - reach), std::min(1.0, value + reach),
          "folded_normal"};
}

// Of the mean of the gaps' sizes over n rows.
static Estimate error_interval(std::span<const GapBin> bins, std::span<const uint8_t> right) {
  const auto n = static_cast<double>(right.size());
  double value = 0, within = 0, squares = 0;
  for (const GapBin& bin : bins) {
    if (bin.count == 0) continue;
    value += std::abs(bin.gap) / n;
    within += bin.variance();
    squares += bin.gap * bin.gap / bin.count / n;
  }
  const auto hits = static_cast<double>(right.size() - std::ranges::count(right, 0));
  const double share = (hits + 2) / (n + 4);  // Agresti and Coull 1998: never certain.
  within = std::max(within, n * share * (1 - share));
  const double between = std::max(0.0, squares - value * value);  // Which bins the rows came to.
  return folded_normal(value, overstatement(bins) / n, within / (n * n) + between / n);
}

static std::vector<GapBin> equal_counts(std::span<const double> confidences,
                                        std::span<const uint8_t> right, size_t bins) {
  const auto bin = equal_count_bins(confidences, bins);
  std::vector<GapBin> out(std::min(bins, confidences.size()));
  for (size_t i = 0; i < bin.size(); ++i) out[bin[i]].add(confidences[i], right[i] != 0);
  return out;
}

// Widened where all answers are right or all wrong: no row tells how sure that is.
static Estimate with_wilson(Estimate estimate, std::span<const double> confidences,
                            std::span<const uint8_t> right) {
  const auto n = static_cast<int64_t>(right.size());
  const auto hits = n - std::ranges::count(right, 0);
  if (hits != 0 && hits != n) return estimate;
  const Estimate accuracy = wilson_interval(hits, n);
  const double mean =
      std::accumulate(confidences.begin(), confidences.end(), 0.0) / static_cast<double>(n);
  estimate.ci_high = std::max(
      {estimate.ci_high, std::abs(mean - accuracy.ci_low), std::abs(mean - accuracy.ci_high)});
  return estimate;
}

Estimate expected_calibration_error_interval(std::span<const double> confidences,
                                             std::span<const uint8_t> right, size_t bins) {
  check_confidences(confidences, right, {}, bins);
  std::vector<GapBin> gaps(bins);
  for (size_t i = 0; i < confidences.size(); ++i)
    gaps[confidence_bin(confidences[i], bins)].add(confidences[i], right[i] != 0);
  return with_wilson(error_interval(gaps, right), confidences, right);
}

Estimate adaptive_calibration_error_interval(std::span<const double> confidences,
                                             std::span<const uint8_t> right, size_t bins) {
  check_confidences(confidences, right, {}, bins);
  return with_wilson(error_interval(equal_counts(confidences, right, bins), right), confidences,
                     right);
}

// The classes' gaps share their rows, so the variance is taken over rows, of all classes' residuals
// with their bins' signs.
Estimate classwise_calibration_error_interval(std::span<const int32_t> labels,
                                              DoubleView probabilities, size_t bins) {
  const double value = classwise_calibration_error(labels, probabilities, bins);
  const size_t n = labels.size();
  const auto classes = static_cast<double>(probabilities.cols);
  std::vector<double> residual(n), mean(n), square(n);
  double excess = 0;
  for (size_t k = 0; k < probabilities.cols; ++k) {
    std::vector<GapBin> gaps(bins);
    for (size_t i = 0; i < n; ++i) {
      const double p = probabilities.row(i)[k];
      gaps[confidence_bin(p, bins)].add(p, labels[i] == static_cast<int32_t>(k));
    }
    excess += overstatement(gaps);
    for (size_t i = 0; i < n; ++i) {
      const double p = probabilities.row(i)[k];
      const double gap = gaps[confidence_bin(p, bins)].gap;
      const double sign = gap > 0 ? 1 : gap < 0 ? -1 : 0;
      residual[i] += sign * (p - (labels[i] == static_cast<int32_t>(k)));
      mean[i] += sign * p;
      square[i] += sign * sign * p;
    }
  }
  double seen = 0, claimed = 0;
  for (size_t i = 0; i < n; ++i) {
    seen += residual[i] * residual[i];
    claimed += square[i] - mean[i] * mean[i];
  }
  const double rows = static_cast<double>(n) * classes;
  return folded_normal(value, excess / rows, std::max(seen, claimed) / (rows * rows));
}

Estimate debiased_calibration_error_interval(std::span<const double> confidences,
                                             std::span<const uint8_t> right, size_t bins) {
  const double value = debiased_calibration_error(confidences, right, bins);
  const auto n = static_cast<double>(right.size());
  double squared = 0, mean = 0, fourth = 0, variance = 0;
  for (const GapBin& bin : equal_counts(confidences, right, bins)) {
    if (bin.count < 2) continue;  // It adds nothing to the error either.
    const double share = bin.count / n;
    const double gap = bin.gap / bin.count;
    const double accuracy = bin.hits / bin.count;
    const double chance = accuracy * (1 - accuracy) / (bin.count - 1);
    const double true_square = std::max(0.0, gap * gap - chance);
    const double noise = std::max(chance, bin.claimed / (bin.count * bin.count));
    squared += share * (gap * gap - chance);
    mean += share * true_square;
    fourth += share * true_square * true_square;
    variance += share * share * (4 * true_square * noise + 2 * noise * noise);
  }
  variance += std::max(0.0, fourth - mean * mean) / n;  // Which bins the rows came to.
  const double reach = normal_95 * std::sqrt(variance);
  return {value, std::sqrt(std::max(0.0, squared - reach)),
          std::min(1.0, std::sqrt(std::max(0.0, squared + reach))), "normal"};
}

}  // namespace querist::metrics
