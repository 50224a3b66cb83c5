// Calibration errors of all classes' probabilities, and one that is not biased by few rows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "metrics/double_view.h"

namespace querist::metrics {

// Weights: one a row, or empty. Bins as in calibration.h.

// Mean over rows of |accuracy - confidence| of their bin, each row counted by its weight.
double expected_calibration_error(std::span<const double> confidences,
                                  std::span<const uint8_t> right, std::span<const double> weights,
                                  size_t bins);

// The mean over classes of that error of p_k against "is of class k" (Nixon et al. 2019).
double classwise_calibration_error(std::span<const int32_t> labels, DoubleView probabilities,
                                   size_t bins = 15, std::span<const double> weights = {});

// The root of the mean squared gap of bins of equal count, less what chance alone adds to it:
// accuracy * (1 - accuracy) / (count - 1) a bin (Kumar, Liang and Ma 2019). Near 0 for calibrated
// confidences however few the rows; 0 where the difference is negative. A bin of one row adds
// nothing. Weights that are counts, as a resample's.
double debiased_calibration_error(std::span<const double> confidences,
                                  std::span<const uint8_t> right, size_t bins = 15,
                                  std::span<const double> weights = {});

// The largest probability of each row, and whether its class is the label; ties go to the lower
// class.
struct TopLabels {
  std::vector<double> confidences;
  std::vector<uint8_t> right;
};
TopLabels top_labels(std::span<const int32_t> labels, DoubleView probabilities);

}  // namespace querist::metrics
