// The support vector machine of a run: it learns one label at a time and knows the scores of every
// row of the pool and of the test set.
#pragma once

#include <vector>

#include "kernels/svc_dual.h"
#include "loop/one_by_one/stage.h"

namespace querist::loop {

// With the protocol's tolerance, libsvm's.
kernels::SvcEnd solve_one_by_one(const kernels::KernelRow& row, kernels::SvcDual& dual);

// The fixed sigmoid through which strategies see decision values.
double squash(double decision);

class OneByOneMachine {
 public:
  explicit OneByOneMachine(const OneByOneStage& stage);

  // Takes a row of the pool in; solve() brings everything up to date.
  void learn(size_t row);
  void solve();

  // Decision values, above 0 for class 1.
  double pool_decision(size_t i) const { return bias_ + target_[i] - dual_.residual[i]; }
  double test_decision(size_t i) const { return bias_ + test_[i]; }
  const kernels::SvcDual& dual() const { return dual_; }
  double target(size_t i) const { return target_[i]; }  // -1 or 1; 0 without a label.

 private:
  const OneByOneStage& stage_;
  kernels::KernelRow row_;
  kernels::SvcDual dual_;  // Over the pool.
  std::vector<double> target_;
  std::vector<double> test_;  // Scores without the bias.
  std::vector<double> before_;
  double bias_ = 0;
};

}  // namespace querist::loop
