// Bins of confidence, and how far each one's accuracy lies from it.
#include "metrics/calibration.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "metrics/intervals.h"

namespace querist::metrics {

void check_confidences(std::span<const double> confidences, std::span<const uint8_t> right,
                       std::span<const double> weights, size_t bins) {
  if (confidences.empty()) refuse("there are no predictions to measure calibration on");
  if (confidences.size() != right.size()) {
    refuse("there are {} confidences for {} answers", confidences.size(), right.size());
  }
  if (!weights.empty() && weights.size() != right.size())
    refuse("there are {} weights for {} confidences", weights.size(), right.size());
  if (bins == 0) refuse("calibration needs at least one bin");
  for (const double confidence : confidences) {
    if (!(confidence >= 0 && confidence <= 1 + 1e-5)) {
      refuse("a confidence must lie between 0 and 1, not {}", confidence);
    }
  }
}

size_t confidence_bin(double confidence, size_t bins) {
  const double at =
      std::clamp(confidence * static_cast<double>(bins), 0.0, static_cast<double>(bins));
  const auto below = static_cast<size_t>(at);  // A bin holds its upper end, not its lower.
  return below - (below > 0 && static_cast<double>(below) == at);
}

std::vector<ReliabilityRow> reliability_table(std::span<const double> confidences,
                                              std::span<const uint8_t> right, size_t bins) {
  check_confidences(confidences, right, {}, bins);
  std::vector<ReliabilityRow> table(bins);
  std::vector<int64_t> hits(bins);
  for (size_t i = 0; i < confidences.size(); ++i) {
    const size_t bin = confidence_bin(confidences[i], bins);
    ++table[bin].count;
    table[bin].confidence += confidences[i];
    hits[bin] += right[i] != 0;
  }
  std::vector<ReliabilityRow> filled;
  for (size_t bin = 0; bin < bins; ++bin) {
    ReliabilityRow row = table[bin];
    if (row.count == 0) continue;
    row.low = static_cast<double>(bin) / static_cast<double>(bins);
    row.high = static_cast<double>(bin + 1) / static_cast<double>(bins);
    row.confidence /= static_cast<double>(row.count);
    const Estimate share = wilson_interval(hits[bin], row.count);
    row.accuracy = share.value;
    row.ci_low = share.ci_low;
    row.ci_high = share.ci_high;
    filled.push_back(row);
  }
  return filled;
}

std::vector<size_t> equal_count_bins(std::span<const double> confidences, size_t bins) {
  const size_t n = confidences.size();
  std::vector<size_t> rows(n), out(n);
  std::iota(rows.begin(), rows.end(), size_t{0});
  std::ranges::stable_sort(rows, {}, [&](size_t row) { return confidences[row]; });
  bins = std::min(bins, n);
  for (size_t bin = 0; bin < bins; ++bin) {
    for (size_t at = bin * n / bins; at < (bin + 1) * n / bins; ++at) out[rows[at]] = bin;
  }
  return out;
}

// bin_of: of each row, below `bins`.
template <class BinOf>
static double binned_error(std::span<const double> confidences, std::span<const uint8_t> right,
                           size_t bins, BinOf bin_of) {
  check_confidences(confidences, right, {}, bins);
  std::vector<double> gap(bins);
  for (size_t i = 0; i < confidences.size(); ++i)
    gap[bin_of(i)] += confidences[i] - (right[i] != 0);
  double sum = 0;
  for (const double value : gap) sum += std::abs(value);
  return sum / static_cast<double>(confidences.size());
}

double expected_calibration_error(std::span<const double> confidences,
                                  std::span<const uint8_t> right, size_t bins) {
  return binned_error(confidences, right, bins,
                      [&](size_t row) { return confidence_bin(confidences[row], bins); });
}

double adaptive_calibration_error(std::span<const double> confidences,
                                  std::span<const uint8_t> right, size_t bins) {
  check_confidences(confidences, right, {}, bins);  // Before they are put in order.
  const auto bin = equal_count_bins(confidences, bins);
  return binned_error(confidences, right, bins, [&](size_t row) { return bin[row]; });
}

}  // namespace querist::metrics
