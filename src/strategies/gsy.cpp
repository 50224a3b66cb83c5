// Greedy sampling in the target space: ask about the example whose prediction differs most from
// every label (Wu, Lin and Huang 2019).
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/interrupt.h"
#include "strategies/distance/cold_start.h"
#include "strategies/strategy.h"

namespace querist::strategies {

// Distance to the nearest of ascending numbers; infinite without any.
static double nearest_gap(const std::vector<double>& sorted, double value) {
  double gap = std::numeric_limits<double>::infinity();
  const auto above = std::ranges::lower_bound(sorted, value);
  if (above != sorted.end()) gap = *above - value;
  if (above != sorted.begin()) gap = std::min(gap, value - *(above - 1));
  return gap;
}

// The candidate whose prediction is nearest to all others', a median, its utility minus the sum of
// differences: what most_central is on one feature. Θ(n log n).
static Selection most_median(const Pool& pool) {
  std::vector<double> sorted(pool.predictions.begin(), pool.predictions.end());
  std::ranges::sort(sorted);
  std::vector<double> sums = {0};
  for (const double value : sorted) sums.push_back(sums.back() + value);
  std::vector<double> utilities;
  for (const int64_t row : pool.candidates) {
    const double value = double{pool.predictions[static_cast<size_t>(row)]};
    const auto below =
        static_cast<size_t>(std::ranges::lower_bound(sorted, value) - sorted.begin());
    const auto above = static_cast<double>(sorted.size() - below);
    utilities.push_back(-(value * (static_cast<double>(below) - above) - sums[below] +
                          (sums.back() - sums[below])));
  }
  return top_k(pool, utilities, 1);
}

static Selection select(const Pool& pool, size_t batch_size, const Params& params, Rng& rng) {
  if (batch_size == 0) return {};
  const bool has_embeddings = pool.embeddings.rows > 0;
  // Before there is a model, the features alone say what is far.
  if (pool.predictions.empty())
    return find(has_embeddings ? "gsx" : "random").select(pool, batch_size, params, rng);
  const size_t n = pool.candidates.size();
  const auto costs = prices(pool);
  std::vector<double> labels(pool.targets.begin(), pool.targets.end());
  std::ranges::sort(labels);
  std::vector<double> values, nearest;
  for (const int64_t row : pool.candidates) {
    values.push_back(double{pool.predictions[static_cast<size_t>(row)]});
    nearest.push_back(nearest_gap(labels, values.back()));
  }
  Selection selection;
  const auto add = [&](size_t candidate, double utility) {
    const double target = values[candidate];
    for (size_t i = 0; i < n; ++i) nearest[i] = std::min(nearest[i], std::abs(values[i] - target));
    nearest[candidate] = -1;
    selection.rows.push_back(pool.candidates[candidate]);
    selection.utilities.push_back(utility);
  };
  if (pool.labeled.empty()) {
    const auto most = static_cast<size_t>(params.integer("max_targets"));
    const auto start =
        has_embeddings ? most_central(pool, all_rows(pool), most) : most_median(pool);
    add(candidate_index(pool, start.rows[0]), start.utilities[0]);
  }
  while (selection.rows.size() < batch_size) {
    check_interrupt();
    size_t pick = 0;
    double best = -std::numeric_limits<double>::infinity();
    for (size_t i = 0; i < n; ++i) {
      const double worth = costs.empty() ? nearest[i] : nearest[i] / double{costs[i]};
      if (nearest[i] >= 0 && worth > best) best = worth, pick = i;
    }
    add(pick, nearest[pick]);
  }
  return selection;
}

QueryStrategy gsy() {
  return {
      .name = "gsy",
      .summary = "Largest difference of the prediction from every label.",
      .needs = Signal::predictions | Signal::labels,
      .params = {start_targets_param()},
      .select = select,
      .source = "Wu, Lin and Huang 2019",
      .handles_no_model = true,
      .task = Task::regression,
      .family = "regression",
      .reads = Signal::embeddings,
  };
}

}  // namespace querist::strategies
