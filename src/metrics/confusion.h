// What can be read from a table of labels against predictions, weighted or expected.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "metrics/double_view.h"

namespace querist::metrics {

// counts[label * classes + predicted]; sums of weights, so not always whole.
struct Confusion {
  size_t classes = 0;
  std::vector<double> counts;
  double at(size_t label, size_t predicted) const { return counts[label * classes + predicted]; }
};

// Weights (one a row) as sample weights or as the counts of a resample; empty: all 1.
Confusion confusion(std::span<const int32_t> labels, std::span<const int32_t> predicted,
                    size_t classes, std::span<const double> weights = {});

// The one to expect where the label of a row is k with probability p_k and nobody has given it.
Confusion expected_confusion(DoubleView probabilities, std::span<const int32_t> predicted);

// The classes' scores pooled, averaged, or averaged by support. Macro and weighted are over the
// classes that have a label or a prediction, as in scikit-learn.
enum class Average { micro, macro, weighted };
struct Scores {
  double precision = 0;  // 0 where nothing was predicted; likewise below.
  double recall = 0;
  double f1 = 0;
};
Scores class_scores(const Confusion& table, size_t cls);
Scores average_scores(const Confusion& table, Average average);

double accuracy(const Confusion& table);
double balanced_accuracy(const Confusion& table);  // Mean recall over classes with a label.
double cohen_kappa(const Confusion& table);        // Cohen 1960; 1 where both are one class.

// The correlation of labels and predictions (Matthews 1975; Gorodkin 2004 for several classes); 0
// where either is one class.
double matthews_correlation(const Confusion& table);

}  // namespace querist::metrics
