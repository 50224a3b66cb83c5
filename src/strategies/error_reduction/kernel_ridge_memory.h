// What kernel ridge regression knows of every pair of rows, kept from one label to the next: a
// label costs a product and a sum a pair then, where a new factor would cost its rows for each.
#pragma once

#include <functional>
#include <vector>

#include "data/pool.h"
#include "strategies/kept/kept_labels.h"

namespace querist::strategies {

// Each label is taken away from the covariances in the order in which the labels came, so results
// differ in their last digits from those of a factor in another order. Not thread-safe: one caller
// at a time.
class KernelRidgeMemory {
 public:
  // Whether the covariances of so many rows take 400 MB at most.
  static bool fits(size_t rows);

  // Brings everything up to date with the pool's labels, and calls visit(row), on many threads, for
  // each row without a label as soon as its covariances are: they are in the cache then. gamma
  // above 0. Starts anew where a label was taken back or changed, or more are new than are worth
  // taking in one by one. Flops of a label: 2 a row without a label and row of the pool.
  void look_at(const Pool& pool, double gamma, double lambda,
               const std::function<void(size_t row)>& visit);

  // Of a row without a label with every row.
  const double* covariance(size_t row) const { return covariances_.data() + row * labels_.rows(); }
  const std::vector<double>& scores() const { return scores_; }  // (classes, rows).
  // How far a score may be from that of a factor in another order, several times what is seen: the
  // condition of S is at most 1 + L / λ.
  double rounding() const;

 private:
  void start(const Pool& pool);
  void each_open(const std::function<void(size_t row)>& body) const;
  void add(size_t row, int32_t label, const std::function<void(size_t row)>& visit);

  KeptLabels labels_;
  double gamma_ = 1, lambda_ = 1;
  std::vector<double> covariances_;  // (rows, rows); nothing of use in rows with a label.
  std::vector<double> scores_;
};

}  // namespace querist::strategies
