// Uncertainty herding: coverage weighted by margin, its width shrinking with the labels (Bae et al.
// 2025).
#include "kernels/uncertainty.h"
#include "strategies/herding/herding.h"
#include "strategies/scores.h"
#include "strategies/strategy.h"

namespace querist::strategies {

static Selection select(const Pool& pool, size_t batch_size, const Params& params, Rng&) {
  std::vector<float> weights;
  if (pool.probabilities.rows > 0) {
    weights = candidate_scores(pool, kernels::margins);
    for (float& weight : weights) weight = 1 - weight;
  }
  return herd(pool, weights, {.radius = Radius::closest}, batch_size, params);
}

QueryStrategy uherding() {
  return {
      .name = "uherding",
      .summary =
          "Covers the uncertain examples; the kernel is as wide as the closest two labels are "
          "apart.",
      .needs = Signal::probabilities | Signal::embeddings,
      .params = herding_params(),
      .select = select,
      .source = "Bae, Oliveira and Sutherland 2025",
      .handles_no_model = true,
      .task = Task::classification,
      .family = "hybrid",
  };
}

}  // namespace querist::strategies
