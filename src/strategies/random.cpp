// Uniform random sampling: the control that every other strategy is measured against.
#include "strategies/strategy.h"

namespace querist::strategies {

static Selection select(const Pool& pool, size_t batch_size, const Params&, Rng& rng) {
  Selection selection;
  for (const int64_t at : rng.sample(pool.candidates.size(), batch_size)) {
    selection.rows.push_back(pool.candidates[static_cast<size_t>(at)]);
  }
  const size_t picked = selection.rows.size();
  const float share =
      picked ? static_cast<float>(picked) / static_cast<float>(pool.candidates.size()) : 0;
  selection.utilities.assign(picked, 0);
  selection.propensities.assign(picked, share);
  return selection;
}

QueryStrategy random() {
  return {
      .name = "random",
      .summary = "Uniformly at random; unbiased, and the control for every comparison.",
      .select = select,
      .handles_no_model = true,
      .family = "baseline",
  };
}

}  // namespace querist::strategies
