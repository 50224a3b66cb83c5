// The rows that two heads were trained on, as numbers for their posteriors.
#pragma once

#include <vector>

#include "learners/logistic_regression/linear_model.h"
#include "learners/posterior_step.h"

namespace querist::learners {

// Rows with a last 1 for the bias, in double, as they are or in an orthonormal basis of their span,
// and the difference of two heads in the same coordinates.
class HeadRows {
 public:
  // difference: (outputs, columns + 1), before minus after. Keeps the features.
  HeadRows(const Features& features, const std::vector<double>& difference, size_t outputs);

  size_t width() const { return width_; }
  // The rows [begin, end), (end - begin, width).
  std::vector<double> block(size_t begin, size_t end) const;
  const std::vector<double>& difference() const { return difference_; }  // (outputs, width).
  // Of the difference outside of the span, summed over the outputs.
  double beyond_square() const { return beyond_square_; }

 private:
  Features features_;
  size_t width_ = 0;
  std::vector<double> spanned_;  // (rows, width) where the rows are fewer than the columns.
  std::vector<double> difference_;
  double beyond_square_ = 0;
};

}  // namespace querist::learners
