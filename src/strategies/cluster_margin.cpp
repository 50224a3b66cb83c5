// Cluster-Margin: spread the examples of smallest margin over a clustering of the pool, the
// smallest clusters first (Citovsky et al. 2021).
#include <algorithm>

#include "kernels/uncertainty.h"
#include "strategies/clustering/clustering.h"
#include "strategies/clustering/spread.h"
#include "strategies/prices.h"
#include "strategies/scores.h"
#include "strategies/strategy.h"

namespace querist::strategies {

// The oversample * batch_size candidates of smallest margin (with costs: of largest utility per
// cost, as many as oversample times the price of the first batch_size buys), best first.
static Selection shortlist(const Pool& pool, size_t batch_size, double oversample) {
  auto utilities = candidate_scores(pool, kernels::margins);
  for (float& utility : utilities) utility = 1 - utility;
  const auto most = static_cast<size_t>(oversample * static_cast<double>(batch_size));
  Selection best = top_k(pool, utilities, std::max(most, batch_size));
  if (pool.costs.empty()) return best;
  const auto cost = [&](size_t i) { return price(pool, best.rows[i]); };
  double budget = 0;
  for (size_t i = 0; i < batch_size; ++i) budget += cost(i) * oversample;
  budget *= 1 + 1e-9;  // Equal costs take away nobody, however they are rounded.
  size_t kept = 0;
  for (double spent = 0; kept < best.rows.size(); ++kept) {
    spent += cost(kept);
    if (kept >= batch_size && spent > budget) break;
  }
  best.rows.resize(kept);
  best.utilities.resize(kept);
  return best;
}

static Selection select(const Pool& pool, size_t batch_size, const Params& params, Rng& rng) {
  if (batch_size == 0) return {};
  const Selection best = shortlist(pool, batch_size, params.number("oversample"));
  auto clusters = static_cast<size_t>(params.integer("clusters"));
  if (clusters == 0) clusters = batch_size;
  const SpreadOptions options = {
      .clusters = clusters,
      .max_sample = static_cast<size_t>(params.integer("max_sample")),
      .max_iterations = static_cast<size_t>(params.integer("max_iterations"))};
  // Over one cluster nothing spreads.
  Selection spread =
      clusters == 1 ? best : spread_over_clusters(pool, best, pool_centers(pool, options, rng));
  spread.rows.resize(std::min(batch_size, spread.rows.size()));
  spread.utilities.resize(spread.rows.size());
  return spread;
}

QueryStrategy cluster_margin() {
  return {
      .name = "cluster_margin",
      .summary =
          "Small margins spread over clusters of the pool, small clusters first; for large "
          "batches.",
      .needs = Signal::probabilities | Signal::embeddings,
      .params = {{.name = "clusters",
                  .fallback = 0,
                  .min = 0,
                  .max = 100'000,
                  .whole = true,
                  .help = "Clusters of the pool; 0: as many as the batch has places.",
                  .automatic = true},
                 {.name = "oversample",
                  .fallback = 10.0,
                  .min = 1,
                  .max = 1000,
                  .help = "Examples of smallest margin that are spread, for each one picked."},
                 {.name = "max_sample",
                  .fallback = 50'000,
                  .min = 100,
                  .max = 10'000'000,
                  .whole = true,
                  .help = "Examples that the clusters are computed from; sampled from a larger "
                          "pool."},
                 max_iterations_param()},
      .select = select,
      .source = "Citovsky et al. 2021",
      .task = Task::classification,
      .family = "hybrid",
  };
}

}  // namespace querist::strategies
