// Improved greedy sampling: ask about the example whose distance times predicted difference from
// everything labelled is largest (iGS; Wu, Lin and Huang 2019).
#include <algorithm>
#include <cmath>

#include "kernels/lazy_minimum.h"
#include "strategies/distance/cold_start.h"
#include "strategies/strategy.h"

namespace querist::strategies {

// A power of two that brings every prediction and target below 1: products of squares neither
// overflow nor lose a bit by it.
static int exponent_of(const Pool& pool) {
  float most = 0;
  for (const float value : pool.predictions) most = std::max(most, std::abs(value));
  for (const float value : pool.targets) most = std::max(most, std::abs(value));
  return most > 0 ? std::ilogb(most) + 1 : 0;
}

static Selection select(const Pool& pool, size_t batch_size, const Params& params, Rng& rng) {
  if (batch_size == 0) return {};
  // Before there is a model, the features alone say what is far.
  if (pool.predictions.empty()) {
    const bool has_embeddings = pool.embeddings.rows > 0;
    return find(has_embeddings ? "gsx" : "random").select(pool, batch_size, params, rng);
  }
  const int exponent = exponent_of(pool);
  std::vector<float> predictions;
  for (const int64_t row : pool.candidates)
    predictions.push_back(std::ldexp(pool.predictions[static_cast<size_t>(row)], -exponent));
  const auto costs = prices(pool);
  kernels::LazyMinimum minimum(pool.embeddings, pool.candidates, 1024, predictions);
  for (size_t i = 0; i < pool.labeled.size(); ++i)
    minimum.add_center(pool.labeled[i], std::ldexp(pool.targets[i], -exponent));
  Selection selection;
  const auto add = [&](size_t candidate, double utility) {
    minimum.remove(candidate);
    minimum.add_center(pool.candidates[candidate], predictions[candidate]);
    selection.rows.push_back(pool.candidates[candidate]);
    selection.utilities.push_back(utility);
  };
  if (pool.labeled.empty()) {
    const auto start =
        most_central(pool, all_rows(pool), static_cast<size_t>(params.integer("max_targets")));
    add(candidate_index(pool, start.rows[0]), start.utilities[0]);
  }
  // Products are compared by their squares, and so are the prices.
  const auto worth = [&](size_t i, float squared) {
    const double cost = costs.empty() ? 1 : double{costs[i]};
    return double{squared} / (cost * cost);
  };
  while (selection.rows.size() < batch_size) {
    const size_t pick = minimum.best(worth);
    add(pick, std::ldexp(std::sqrt(double{minimum.squared(pick)}), exponent));
  }
  return selection;
}

QueryStrategy igs() {
  return {
      .name = "igs",
      .summary =
          "Largest product of distance and predicted difference to the nearest labelled example.",
      .needs = Signal::embeddings | Signal::predictions | Signal::labels,
      .params = {start_targets_param()},
      .select = select,
      .source = "Wu, Lin and Huang 2019",
      .handles_no_model = true,
      .task = Task::regression,
      .family = "regression",
  };
}

}  // namespace querist::strategies
