// The choice by coverage (MaxHerding, UHerding: Bae, Sutherland et al. 2024, 2025).
#include "strategies/herding/herding.h"

#include <algorithm>

#include "kernels/coverage.h"
#include "strategies/herding/near_duplicates.h"
#include "strategies/herding/samples.h"
#include "strategies/herding/widths.h"
#include "strategies/prices.h"

namespace querist::strategies {

ParamSpecs herding_params() {
  return {
      {.name = "gamma",
       .fallback = 0.0,
       .min = 0,
       .max = 1e9,
       .help =
           "Width of the kernel exp(-gamma d^2); 0: from the typical distance between neighbours.",
       .automatic = true},
      {.name = "max_targets",
       .fallback = 3000,
       .min = 0,
       .max = most_targets,
       .whole = true,
       .help =
           "Sampled examples that the batch should cover; unless set, 20 a pick from batches of "
           "150 on; 0: all."},
      {.name = "max_candidates",
       .fallback = 6000,
       .min = 0,
       .max = 20'000,
       .whole = true,
       .help = "Most examples considered for the batch, half the most useful, half uniform; unless "
               "set, 200 a pick and at least 2,000; 0: all."},
  };
}

static Selection named(const std::vector<kernels::CoveragePick>& picks,
                       std::span<const int64_t> candidates) {
  Selection selection;
  for (const auto& pick : picks) {
    selection.rows.push_back(candidates[pick.candidate]);
    selection.utilities.push_back(pick.gain);
  }
  return selection;
}

Selection herd(const Pool& pool, std::span<const float> weights, const HerdOptions& options,
               size_t batch_size, const Params& params) {
  if (pool.candidates.empty() || batch_size == 0) return {};
  auto candidates =
      candidate_rows(pool, weights, most_candidates(pool, batch_size, params, options.candidates));
  const auto targets = targets_for(pool, batch_size, params, candidates);
  std::any own;
  kernels::CoverageMemory& memory = memory_of(pool, own);
  const bool fits_memory = targets.size() * candidates.size() <= most_pairs;
  memory.look_at(pool.embeddings, fits_memory ? targets : std::vector<int64_t>());
  auto covered_weights = target_weights(pool, weights, targets);
  if (options.outlier_power > 0) {
    const auto discounts = memory.target_discounts(
        targets, [&] { return outlier_discounts(pool, targets, options.outlier_power); });
    for (size_t t = 0; t < targets.size(); ++t) covered_weights[t] *= discounts[t];
  }
  const auto costs = prices(pool, candidates);
  const kernels::CoverageTask task = {pool.embeddings,
                                      targets,
                                      covered_weights,
                                      candidates,
                                      pool.labeled,
                                      {.value = gamma_of(pool, options.radius, params, memory)},
                                      costs};
  const auto greedy = [&](size_t count) {
    return named(fits_memory ? kernels::greedy_coverage(task, count, memory)
                             : kernels::greedy_coverage(task, count),
                 candidates);
  };
  if (!options.collapses_duplicates) return greedy(batch_size);
  const float farthest = duplicate_distance(pool);
  return distinct_picks(pool, batch_size, candidates.size(), farthest, greedy);
}

ParamSpecs cover_params() {
  return {
      {.name = "max_targets",
       .fallback = 50'000,
       .min = 0,
       .max = 1e9,
       .whole = true,
       .help = "Most examples that the batch should cover, a fixed sample of the pool; 0: all."},
      {.name = "max_candidates",
       .fallback = 50'000,
       .min = 0,
       .max = 1e9,
       .whole = true,
       .help = "Most examples considered for the batch, evenly sampled; 0: all."},
  };
}

Selection cover_pool(const Pool& pool, kernels::Kernel kernel, size_t batch_size,
                     const Params& params) {
  if (pool.candidates.empty()) return {};
  auto most = static_cast<size_t>(params.integer("max_targets"));
  if (most == 0) most = pool.size;
  std::vector<int64_t> targets;
  for (const int64_t row : fixed_sample(pool.size, std::min(most, pool.size), 2)) {
    if (!std::binary_search(pool.labeled.begin(), pool.labeled.end(), row)) targets.push_back(row);
  }
  const std::vector<float> weights(targets.size(), 1);
  most = static_cast<size_t>(params.integer("max_candidates"));
  const auto candidates =
      candidate_rows(pool, {}, most == 0 ? pool.candidates.size() : std::max(most, batch_size));
  const auto costs = prices(pool, candidates);
  return named(
      kernels::greedy_coverage(
          {pool.embeddings, targets, weights, candidates, pool.labeled, kernel, costs}, batch_size),
      candidates);
}

}  // namespace querist::strategies
