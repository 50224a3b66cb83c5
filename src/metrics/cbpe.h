// How good a model is where nobody has labelled, read from its own calibrated probabilities
// (confidence-based performance estimation, NannyML).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "metrics/double_view.h"
#include "metrics/estimate.h"

namespace querist::metrics {

struct NamedEstimate {
  std::string_view name;
  Estimate estimate;
};

struct CbpeOptions {
  // What the rows are ranked by, of two classes: the model's raw scores. Empty: the probability of
  // class 1.
  std::span<const double> scores{};
  uint64_t seed = 0;
  size_t simulations = 500;
  double confidence = 0.95;
};

// What to expect if the label of row i is k with chance probabilities[i][k], each row alone. Two
// classes: accuracy, precision, recall, f1, specificity (of class 1), roc_auc, average_precision;
// more: accuracy, and macro precision, recall, f1. A value is computed from the expected counts, as
// NannyML does; an area that is not defined is NaN. The interval holds the metric that labels would
// show, by simulating labels from the probabilities ("simulated"): it knows nothing of
// probabilities that are wrong. Refuses rows that do not sum to 1 within 1e-3.
std::vector<NamedEstimate> cbpe(DoubleView probabilities, std::span<const int32_t> predicted,
                                const CbpeOptions& options = {});

}  // namespace querist::metrics
