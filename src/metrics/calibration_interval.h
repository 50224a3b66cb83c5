// How far a calibration error measured on few rows may lie from the true one of its bins.
#pragma once

#include <cstdint>
#include <span>

#include "metrics/double_view.h"
#include "metrics/estimate.h"

namespace querist::metrics {

// Chance alone opens a gap in every bin, so that a binned error overstates the true one, and so do
// all of its resamples: a percentile bootstrap on calibrated confidences all but never holds 0. The
// interval of method "folded_normal" therefore reaches down from the error by what folded normal
// gaps (Leone, Nelson and Nottingham 1961) add where the true gap is as small as two standard
// errors allow, and by 1.96 standard errors of the sum both ways. A bin's variance is that of its
// rows or the one that the confidences claim, whichever is larger, so that the interval is too wide
// rather than too narrow. It is of the true gaps in the bins at hand; finer bins may find more.
// Values, bins and refusals: calibration.h and class_calibration.h.

Estimate expected_calibration_error_interval(std::span<const double> confidences,
                                             std::span<const uint8_t> right, size_t bins = 15);

Estimate adaptive_calibration_error_interval(std::span<const double> confidences,
                                             std::span<const uint8_t> right, size_t bins = 15);

Estimate classwise_calibration_error_interval(std::span<const int32_t> labels,
                                              DoubleView probabilities, size_t bins = 15);

// The squared error is close to normal about the true one: its ends' roots, method "normal".
Estimate debiased_calibration_error_interval(std::span<const double> confidences,
                                             std::span<const uint8_t> right, size_t bins = 15);

}  // namespace querist::metrics
