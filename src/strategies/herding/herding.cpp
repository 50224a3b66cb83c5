// Sampling and widths for the coverage engine (MaxHerding, UHerding: Bae, Sutherland et al. 2024).
#include "strategies/herding/herding.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/coverage.h"
#include "kernels/coverage_rows.h"

namespace querist::strategies {

static constexpr size_t radius_sample = 2000;
static constexpr size_t radius_queries = 500;  // A quantile needs no more distances than this.

static constexpr size_t candidates_a_pick = 200;
static constexpr size_t least_candidates = 2000;

ParamSpecs herding_params() {
  return {
      {.name = "gamma",
       .fallback = 0.0,
       .min = 0,
       .max = 1e9,
       .help =
           "Width of the kernel exp(-gamma d^2); 0: from the typical distance between neighbours."},
      {.name = "max_targets",
       .fallback = 3000,
       .min = 10,
       .max = 20'000,
       .whole = true,
       .help = "Sampled examples that the batch should cover."},
      {.name = "max_candidates",
       .fallback = 6000,
       .min = 10,
       .max = 20'000,
       .whole = true,
       .help = "Most examples considered for the batch, half the most useful, half uniform; unless "
               "set, 200 a pick and at least 2,000."},
  };
}

static float median(std::vector<float> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

float typical_radius(const Pool& pool, Rng& rng) {
  const size_t n = std::min(pool.size, radius_sample);
  const auto rows = rng.sample(pool.size, n);  // In random order: the first are a sample too.
  return median(kernels::neighbor_distances(kernels::widened_rows(pool.embeddings, rows),
                                            std::max<size_t>(1, n / 100), radius_queries));
}

float labeled_radius(const Pool& pool) {
  if (pool.labeled.size() < 2) return 0;
  const size_t n = std::min(pool.labeled.size(), radius_sample);
  const auto newest = pool.labeled.last(n);
  std::vector<int64_t> rows;  // Every fourth of a full sample first, so that the queries spread.
  const size_t step = (n + radius_queries - 1) / radius_queries;
  for (size_t start = 0; start < step; ++start) {
    for (size_t i = start; i < n; i += step) rows.push_back(newest[i]);
  }
  auto distances =
      kernels::neighbor_distances(kernels::widened_rows(pool.embeddings, rows), 1, radius_queries);
  const auto tenth = distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 10);
  std::nth_element(distances.begin(), tenth, distances.end());
  return *tenth;
}

// The indices of the `count` heaviest, ascending; ties go to the lower. A heap of them takes one
// look at most weights.
static std::vector<int64_t> heaviest(std::span<const float> weights, size_t count) {
  std::vector<int64_t> order(weights.size());
  std::iota(order.begin(), order.end(), 0);
  const auto end = order.begin() + static_cast<std::ptrdiff_t>(count);
  std::partial_sort(order.begin(), end, order.end(), [&](int64_t a, int64_t b) {
    const float x = weights[static_cast<size_t>(a)];
    const float y = weights[static_cast<size_t>(b)];
    return x != y ? x > y : a < b;
  });
  order.resize(count);
  std::sort(order.begin(), order.end());
  return order;
}

// Indices into the candidates, ascending: all of them, or the heaviest half and a uniform half.
static std::vector<size_t> shortlist(std::span<const float> weights, size_t n, size_t most,
                                     Rng& rng) {
  if (n <= most) {
    std::vector<size_t> all(n);
    std::iota(all.begin(), all.end(), 0);
    return all;
  }
  const auto kept = heaviest(weights, weights.empty() ? 0 : most / 2);
  auto drawn = rng.sample(n - kept.size(), most - kept.size());
  std::sort(drawn.begin(), drawn.end());
  std::vector<size_t> chosen(kept.begin(), kept.end());
  size_t passed = 0;  // Kept indices below the drawn one: it counts only those that are not kept.
  for (const int64_t place : drawn) {
    while (passed < kept.size() && kept[passed] <= place + static_cast<int64_t>(passed)) ++passed;
    chosen.push_back(static_cast<size_t>(place) + passed);
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

Selection herd(const Pool& pool, std::span<const float> weights, float radius, size_t batch_size,
               const Params& params, Rng& rng) {
  const size_t n = pool.candidates.size();
  const auto target_indices =
      shortlist({}, n, static_cast<size_t>(params.integer("max_targets")), rng);
  size_t most = static_cast<size_t>(params.integer("max_candidates"));
  if (!params.changed("max_candidates")) {
    most = std::min(most, std::max(least_candidates, candidates_a_pick * batch_size));
  }
  most = std::max(most, batch_size);
  const auto candidate_indices = shortlist(weights, n, most, rng);
  std::vector<int64_t> targets, candidates;
  std::vector<float> target_weights;
  for (const size_t i : target_indices) {
    targets.push_back(pool.candidates[i]);
    target_weights.push_back(weights.empty() ? 1 : weights[i]);
  }
  for (const size_t i : candidate_indices) candidates.push_back(pool.candidates[i]);
  float gamma = static_cast<float>(params.number("gamma"));
  if (gamma == 0) gamma = 1 / (2 * std::max(radius * radius, 1e-12f));

  Selection selection;
  const kernels::CoverageTask task = {pool.embeddings, targets,      target_weights,
                                      candidates,      pool.labeled, gamma};
  for (const auto& pick : kernels::greedy_coverage(task, batch_size)) {
    selection.rows.push_back(candidates[pick.candidate]);
    selection.utilities.push_back(pick.gain);
  }
  return selection;
}

}  // namespace querist::strategies
