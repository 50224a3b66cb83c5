// Log densities of classes whose features are normal, each on its own: what naive Bayes compares.
#pragma once

#include <cstddef>
#include <vector>

#include "kernels/rbf.h"

namespace querist::kernels {

// Of each class: per feature its mean and 1 / (2 · variance), and the log of all that does not
// depend on the row. A class that does not exist has weights 0 and the offset no_class.
struct NormalClasses {
  size_t classes = 0;
  size_t cols = 0;
  std::vector<double> means;    // (classes, cols).
  std::vector<double> weights;  // (classes, cols).
  std::vector<double> offsets;  // (classes).

  NormalClasses(size_t class_count, size_t col_count);
};

// out[c * stride + u] = offset of c - sum of weight · (row u - mean)²; u < rows.padded(), and from
// rows.rows on nothing of use. Differences are squared one by one, since variances may be tiny.
// Flops: 4 · cols a value, on the calling thread.
void log_densities(const PackedRows& rows, const NormalClasses& classes, size_t stride,
                   double* out);

}  // namespace querist::kernels
