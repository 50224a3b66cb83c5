// Rows of the test set do not matter to the solver, so they are scored once a solution.
#include "loop/one_by_one/machine.h"

#include <cmath>

namespace querist::loop {

static constexpr double strength = 1;      // C.
static constexpr double tolerance = 1e-3;  // libsvm's.
static constexpr size_t most_steps = 10'000'000;

kernels::SvcEnd solve_one_by_one(const kernels::KernelRow& row, kernels::SvcDual& dual) {
  return kernels::solve_svc(row, tolerance, most_steps, dual);
}

double squash(double decision) { return 1 / (1 + std::exp(-decision)); }

OneByOneMachine::OneByOneMachine(const OneByOneStage& stage)
    : stage_(stage),
      row_([&stage](size_t i) { return stage.kernel_row(i); }),
      target_(stage.pool.size()),
      test_(stage.test.size()) {
  const size_t n = stage.pool.size();
  dual_.beta.resize(n);
  dual_.low.resize(n);
  dual_.high.resize(n);
  dual_.residual.resize(n);
}

void OneByOneMachine::learn(size_t row) {
  target_[row] = stage_.pool_labels[row] == 1 ? 1 : -1;
  dual_.residual[row] += target_[row];
  (target_[row] > 0 ? dual_.high : dual_.low)[row] = target_[row] * strength;
}

void OneByOneMachine::solve() {
  before_ = dual_.beta;
  bias_ = solve_one_by_one(row_, dual_).bias;
  for (size_t i = 0; i < before_.size(); ++i) {
    const double change = dual_.beta[i] - before_[i];
    if (change != 0)
      kernels::add_scaled(stage_.test_kernel_row(i), test_.size(), change, test_.data());
  }
}

}  // namespace querist::loop
