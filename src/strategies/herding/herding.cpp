// Sampling and widths for the coverage engine (MaxHerding, UHerding: Bae, Sutherland et al. 2024).
#include "strategies/herding/herding.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/coverage.h"

namespace querist::strategies {

static constexpr size_t radius_sample = 2000;

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
       .help = "Examples considered for the batch: the most useful half and a uniform half."},
  };
}

static float median(std::vector<float> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

float typical_radius(const Pool& pool, Rng& rng) {
  std::vector<int64_t> rows(pool.size);
  std::iota(rows.begin(), rows.end(), 0);
  const size_t n = std::min(rows.size(), radius_sample);
  rows = rng.sample(pool.size, n);
  std::sort(rows.begin(), rows.end());
  return median(
      kernels::neighbor_distances(dense_rows(pool.embeddings, rows), std::max<size_t>(1, n / 100)));
}

float labeled_radius(const Pool& pool) {
  if (pool.labeled.size() < 2) return 0;
  const size_t start =
      pool.labeled.size() > radius_sample ? pool.labeled.size() - radius_sample : 0;
  auto distances =
      kernels::neighbor_distances(dense_rows(pool.embeddings, pool.labeled.subspan(start)), 1);
  const auto tenth = distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 10);
  std::nth_element(distances.begin(), tenth, distances.end());
  return *tenth;
}

// Indices into the candidates, ascending: all of them, or the heaviest half and a uniform half.
static std::vector<size_t> shortlist(std::span<const float> weights, size_t n, size_t most,
                                     Rng& rng) {
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  if (n <= most) return order;
  size_t kept = 0;
  if (!weights.empty()) {
    kept = most / 2;
    std::nth_element(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(kept), order.end(),
                     [&](size_t a, size_t b) {
                       return weights[a] != weights[b] ? weights[a] > weights[b] : a < b;
                     });
  }
  for (size_t i = kept; i < most; ++i) std::swap(order[i], order[i + rng.below(n - i)]);
  order.resize(most);
  std::sort(order.begin(), order.end());
  return order;
}

Selection herd(const Pool& pool, std::span<const float> weights, float radius, size_t batch_size,
               const Params& params, Rng& rng) {
  const size_t n = pool.candidates.size();
  const auto target_indices =
      shortlist({}, n, static_cast<size_t>(params.integer("max_targets")), rng);
  const size_t most = std::max(static_cast<size_t>(params.integer("max_candidates")), batch_size);
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
