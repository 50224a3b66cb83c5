// A row that was drawn twice has twice the room; one that was not drawn has none.
#include "loop/one_by_one/committee.h"

#include <algorithm>

namespace querist::loop {

// How often each labelled row was drawn; both classes are among them.
static void draw_bag(const OneByOneStage& stage, std::span<const int64_t> labeled, Rng& rng,
                     std::vector<double>& counts) {
  bool seen[2] = {false, false};
  while (!seen[0] || !seen[1]) {
    counts.assign(stage.pool.size(), 0);
    seen[0] = seen[1] = false;
    for (size_t draw = 0; draw < labeled.size(); ++draw) {
      const auto row = static_cast<size_t>(labeled[rng.below(labeled.size())]);
      counts[row] += 1;
      seen[stage.pool_labels[row]] = true;
    }
  }
}

void OneByOneCommittee::train_member(const OneByOneMachine& machine,
                                     std::span<const int64_t> labeled, Rng rng, float* out) {
  draw_bag(stage_, labeled, rng, counts_);
  dual_ = machine.dual();
  const kernels::KernelRow row_of = [this](size_t i) { return stage_.kernel_row(i); };
  for (const int64_t row : labeled) {
    const auto i = static_cast<size_t>(row);
    dual_.low[i] *= counts_[i];
    dual_.high[i] *= counts_[i];
    kernels::set_beta(row_of, i, std::clamp(dual_.beta[i], dual_.low[i], dual_.high[i]), dual_);
  }
  kernels::balance_betas(row_of, dual_);
  const double bias = solve_one_by_one(row_of, dual_).bias;
  for (size_t i = 0; i < stage_.pool.size(); ++i) {
    const double decision = bias + machine.target(i) - dual_.residual[i];
    out[2 * i + 1] = static_cast<float>(squash(decision));
    out[2 * i] = 1 - out[2 * i + 1];
  }
}

Members OneByOneCommittee::probabilities(const OneByOneMachine& machine,
                                         std::span<const int64_t> labeled, uint64_t seed) {
  const size_t n = stage_.pool.size();
  values_.resize(members * n * 2);
  for (size_t m = 0; m < members; ++m)
    train_member(machine, labeled, Rng(mix_seed(seed, m)), values_.data() + m * n * 2);
  return {.members = members, .rows = n, .cols = 2, .values = values_.data()};
}

}  // namespace querist::loop
