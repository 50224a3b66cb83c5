// What a learner trains on: an immutable snapshot of feature rows with their labels.
#pragma once

#include <cstdint>
#include <vector>

#include "base/matrix.h"
#include "data/task.h"

namespace querist {

struct Dataset {
  Features features;            // One row a labelled example.
  std::vector<int32_t> labels;  // Class ids, 0 … classes-1, one a row.
  std::vector<float> weights;   // One a row, positive; empty: all 1.
  size_t classes = 0;           // Classes, or labels where the task is multi_label.
  Task task = Task::classification;
  std::vector<float> targets;  // Regression, instead of labels: one number a row.
  MatrixView label_matrix;     // Multi-label, instead of labels: (rows, classes), each 0 or 1.
};

}  // namespace querist
