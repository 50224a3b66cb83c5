// The scores of a model beside accuracy, with their intervals: how it ranks, errs by class, and how
// far its probabilities hold.
#pragma once

#include <cstdint>
#include <span>

#include "base/json.h"
#include "base/matrix.h"

namespace querist::loop {

// {NAME: {value, ci_low, ci_high, method}|null}: f1_micro, precision_macro, recall_macro, f1_macro,
// precision_weighted, recall_weighted, f1_weighted,
// matthews_correlation, cohen_kappa, log_loss, brier_score, roc_auc, average_precision,
// adaptive_calibration_error (bins of equal count), classwise_calibration_error and
// debiased_calibration_error. roc_auc and average_precision are of class 1 among two classes, else
// the means over the classes that have labels, each against the rest. Intervals are BCa bootstraps
// over rows (with very many rows and classes, of fewer resamples), but those of calibration errors
// (metrics/calibration_interval.h); null is what these rows do not
// define, and an interval that all resamples leave
// without width. f1_micro is accuracy, with its Wilson interval. predicted: the classes as the
// model decides, which need not be the likeliest. groups: audit_groups' or empty; whole groups are
// drawn then. One row at least.
Json scores_json(std::span<const int32_t> labels, std::span<const int32_t> predicted,
                 const Matrix& probabilities, uint64_t seed, std::span<const int32_t> groups = {});

}  // namespace querist::loop
