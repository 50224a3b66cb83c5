// Whether a confidence of 0.8 is right 8 times of 10.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace querist::metrics {

// confidences: the probability of the predicted class, one a row; right: 1 where the prediction
// fits the label.

// Refuses what is none: no rows, other lengths, confidences outside 0 … 1, no bins. Weights may be
// empty.
void check_confidences(std::span<const double> confidences, std::span<const uint8_t> right,
                       std::span<const double> weights, size_t bins);

// The equal-width bin (low, high] of a confidence; 0 lies in the first.
size_t confidence_bin(double confidence, size_t bins);

// The bin of each row where as many, or no more than there are rows, hold equal counts in the order
// of confidence; equal confidences stay as they come.
std::vector<size_t> equal_count_bins(std::span<const double> confidences, size_t bins);

struct ReliabilityRow {
  double low = 0;
  double high = 0;
  int64_t count = 0;
  double confidence = 0;  // Mean over the rows of the bin.
  double accuracy = 0;
  double ci_low = 0;  // Wilson interval of the accuracy.
  double ci_high = 0;
};

// Equal-width bins, (low, high], the first one closed; bins without rows are left out.
std::vector<ReliabilityRow> reliability_table(std::span<const double> confidences,
                                              std::span<const uint8_t> right, size_t bins = 15);

// Mean over rows of |accuracy - confidence| of their bin (Naeini, Cooper and Hauskrecht 2015).
double expected_calibration_error(std::span<const double> confidences,
                                  std::span<const uint8_t> right, size_t bins = 15);

// The same with bins of equal count, cut in the order of confidence (Nguyen and O'Connor 2015).
double adaptive_calibration_error(std::span<const double> confidences,
                                  std::span<const uint8_t> right, size_t bins = 15);

}  // namespace querist::metrics
