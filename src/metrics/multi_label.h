// How well sets of labels are predicted, several labels a row.
#pragma once

#include <cstdint>
#include <span>

#include "metrics/confusion.h"

namespace querist::metrics {

// (rows, labels), row-major, each 0 or 1.
struct LabelSets {
  std::span<const uint8_t> flags;
  size_t labels = 0;
};

// All of them refuse tables of different shape and no rows; weights: one a row, or empty.

// Pooled over all cells, averaged over labels, or averaged by support (scikit-learn's, 0 where a
// label was never predicted).
Scores multi_label_scores(LabelSets truth, LabelSets predicted, Average average,
                          std::span<const double> weights = {});

double hamming_loss(LabelSets truth, LabelSets predicted, std::span<const double> weights = {});

// The share of rows whose whole set is right.
double subset_accuracy(LabelSets truth, LabelSets predicted, std::span<const double> weights = {});

}  // namespace querist::metrics
