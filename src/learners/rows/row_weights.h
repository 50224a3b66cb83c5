// How much each labelled row counts in training.
#pragma once

#include <vector>

#include "data/dataset.h"

namespace querist::learners {

// The data's weights, or 1; balanced: times rows / (classes present * rows of its class), as in
// scikit-learn. Regression has no classes to balance.
inline std::vector<double> row_weights(const Dataset& data, bool balanced) {
  const size_t rows = data.features.rows;
  std::vector<double> weights(rows, 1);
  for (size_t i = 0; i < data.weights.size(); ++i) weights[i] = data.weights[i];
  if (!balanced || data.task != Task::classification) return weights;
  std::vector<double> counts(data.classes);
  double present = 0;
  for (const int32_t label : data.labels) present += counts[static_cast<size_t>(label)]++ == 0;
  for (size_t i = 0; i < rows; ++i) {
    const double own = counts[static_cast<size_t>(data.labels[i])];
    weights[i] *= static_cast<double>(rows) / (present * own);
  }
  return weights;
}

// The classes that have a label, ascending.
inline std::vector<int32_t> seen_classes(const Dataset& data) {
  std::vector<char> has(data.classes);
  for (const int32_t label : data.labels) has[static_cast<size_t>(label)] = 1;
  std::vector<int32_t> seen;
  for (size_t c = 0; c < data.classes; ++c)
    if (has[c]) seen.push_back(static_cast<int32_t>(c));
  return seen;
}

}  // namespace querist::learners
