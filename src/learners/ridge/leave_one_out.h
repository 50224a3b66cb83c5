// What ridge regression would have said of each row without it, for many penalties from one
// factorisation (Golub, Heath and Wahba 1979).
#pragma once

#include <span>
#include <vector>

#include "learners/ridge/centred_rows.h"

namespace querist::learners {

// The sum of w (y_i - prediction of a fit without row i)² for any penalty, intercept refitted.
class LeaveOneOut {
 public:
  // Factorises the smaller of AᵀA and A Aᵀ. Bytes: 24 · rows · min(rows, cols).
  LeaveOneOut(const CentredRows& a, std::span<const double> centred_targets);

  // One error a penalty, each above 0. Flops: 4 · rows · min(rows, cols) a penalty.
  std::vector<double> errors(std::span<const double> penalties) const;
  // The penalty of the least error, to 1 part in 30; 1 where no column varies.
  double best() const;

 private:
  size_t rows_ = 0;
  size_t rank_ = 0;
  std::vector<double> spectrum_;  // Squared singular values of A, descending.
  std::vector<double> squares_;   // (rows, rank): squared components of each row.
  std::vector<double> shares_;    // (rows, rank): components times those of the targets.
  std::vector<double> targets_;
  std::vector<double> own_;  // What of a row's leverage is the intercept's: w / total.
};

}  // namespace querist::learners
