// Sampling and widths for the coverage engine (MaxHerding, UHerding: Bae, Sutherland et al. 2024).
#include "strategies/herding/herding.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>
#include <unordered_set>

#include "base/rng.h"
#include "kernels/coverage.h"
#include "kernels/coverage_rows.h"
#include "kernels/neighbors.h"
#include "strategies/herding/near_duplicates.h"
#include "strategies/prices.h"

namespace querist::strategies {

static constexpr size_t radius_sample = 2000;
static constexpr size_t radius_queries = 500;  // A quantile needs no more distances than this.
static constexpr size_t spread_sample = 400;   // Rows; 80,000 pairs.
static constexpr size_t gap_sample = 4096;     // Labelled rows whose neighbours are looked at.

static constexpr size_t outlier_neighbor = 20;  // Of the whole pool.
static constexpr size_t least_neighbors = 5;    // Of a sample of it.

static constexpr size_t candidates_a_pick = 200;
static constexpr size_t least_candidates = 2000;
static constexpr size_t most_targets = 20'000;
static constexpr size_t targets_a_pick = 10;
static constexpr size_t rows_a_target = 20;  // From here on the targets are a small sample.
static constexpr size_t steps_a_label = 4;
static constexpr size_t most_pairs = 64'000'000;  // Of distances held at once, 4 bytes each.

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

static float median(std::vector<float> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// The memory that the caller brought, else one for this call.
static kernels::CoverageMemory& memory_of(const Pool& pool, std::any& own) {
  std::any& place = pool.memory ? *pool.memory : own;
  if (auto* kept = std::any_cast<kernels::CoverageMemory>(&place)) return *kept;
  return place.emplace<kernels::CoverageMemory>();
}

// Rows of the pool that depend on its size alone, ascending: the same ones from label to label.
std::vector<int64_t> fixed_sample(size_t size, size_t count, uint64_t salt) {
  auto rows = Rng(mix_seed(size, salt)).sample(size, count);
  std::sort(rows.begin(), rows.end());
  return rows;
}

static float typical_radius(const Pool& pool) {
  const size_t n = std::min(pool.size, radius_sample);
  const auto rows = Rng(mix_seed(pool.size, 1)).sample(pool.size, n);
  return median(kernels::neighbor_distances(kernels::widened_rows(pool.embeddings, rows),
                                            std::max<size_t>(1, n / 100), radius_queries));
}

// All labelled rows, or a half, a quarter … of them that stays as more come.
static std::vector<int64_t> gap_rows(std::span<const int64_t> labeled) {
  int halvings = 0;
  while ((labeled.size() >> halvings) > gap_sample) ++halvings;
  std::vector<int64_t> rows;
  for (const int64_t row : labeled) {
    if (halvings == 0 || mix_seed(static_cast<uint64_t>(row), 3) >> (64 - halvings) == 0)
      rows.push_back(row);
  }
  return rows;
}

// The tenth of the labelled rows' distances to their nearest labelled neighbour; 0 with fewer than
// two.
static float labeled_radius(const Pool& pool, kernels::CoverageMemory& memory) {
  const auto rows = gap_rows(pool.labeled);
  if (rows.size() < 2) return 0;
  const auto gaps = memory.labeled_gaps(rows);
  std::vector<float> sorted(gaps.begin(), gaps.end());
  const auto tenth = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 10);
  std::nth_element(sorted.begin(), tenth, sorted.end());
  return std::sqrt(*tenth);
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

static size_t index_of(std::span<const int64_t> rows, int64_t row) {
  const auto at = std::lower_bound(rows.begin(), rows.end(), row);
  return at != rows.end() && *at == row ? static_cast<size_t>(at - rows.begin()) : rows.size();
}

// Adds candidates met on a walk through the pool in steps near the golden section of its size: an
// even sample of it. The walk begins a little later with each label, so that most of it stays.
static void add_walked(const Pool& pool, size_t count, std::vector<size_t>& chosen) {
  const auto kept = static_cast<std::ptrdiff_t>(chosen.size());
  auto stride = static_cast<size_t>(0.6180339887 * static_cast<double>(pool.size)) + 1;
  while (std::gcd(stride, pool.size) != 1) ++stride;
  const size_t from = pool.labeled.size() * steps_a_label;
  for (size_t step = 0; step < pool.size && count > 0; ++step) {
    const auto row = static_cast<int64_t>((from + step) % pool.size * stride % pool.size);
    const size_t i = index_of(pool.candidates, row);
    if (i == pool.candidates.size()) continue;
    if (std::binary_search(chosen.begin(), chosen.begin() + kept, i)) continue;
    chosen.push_back(i);
    --count;
  }
  std::sort(chosen.begin(), chosen.end());
}

// Indices into the candidates, ascending: all of them, or the heaviest half and an even half.
static std::vector<size_t> shortlist(const Pool& pool, std::span<const float> weights,
                                     size_t most) {
  const size_t n = pool.candidates.size();
  std::vector<size_t> chosen(std::min(n, most));
  std::iota(chosen.begin(), chosen.end(), 0);
  if (n <= most) return chosen;
  chosen.clear();
  for (const int64_t i : heaviest(weights, weights.empty() ? 0 : most / 2)) {
    chosen.push_back(static_cast<size_t>(i));
  }
  add_walked(pool, most - chosen.size(), chosen);
  return chosen;
}

// The rows to be covered. A row that is no candidate any more weighs nothing but keeps its place;
// where half the pool or three quarters are used up, more rows are looked at instead, as far as
// distances to `fitting` rows fit memory.
static std::vector<int64_t> target_rows(const Pool& pool, size_t count, size_t fitting) {
  const size_t most = std::min(most_targets, std::max(count, fitting));
  for (size_t used = 2; used <= 4; used *= 2) {
    if (pool.candidates.size() * used <= pool.size) count *= 2;
  }
  return fixed_sample(pool.size, std::min({count, most, pool.size}), 2);
}

static std::vector<float> target_weights(const Pool& pool, std::span<const float> weights,
                                         std::span<const int64_t> targets) {
  std::vector<float> out(targets.size(), 0);
  for (size_t t = 0; t < targets.size(); ++t) {
    const size_t i = index_of(pool.candidates, targets[t]);
    if (i < pool.candidates.size()) out[t] = weights.empty() ? 1 : weights[i];
  }
  return out;
}

// Of equal rows the first alone: beside its twin no row is the nearest to any other.
static std::vector<int64_t> distinct_rows(const Features& x, std::span<const int64_t> rows) {
  const bool is_half = x.kind == Features::Kind::half;
  const auto* bytes = reinterpret_cast<const char*>(is_half ? static_cast<const void*>(x.half)
                                                            : static_cast<const void*>(x.dense));
  const size_t length = x.cols * (is_half ? sizeof(uint16_t) : sizeof(float));
  std::unordered_set<std::string_view> seen;
  std::vector<int64_t> distinct;
  for (const int64_t row : rows) {
    if (seen.insert({bytes + static_cast<size_t>(row) * length, length}).second)
      distinct.push_back(row);
  }
  return distinct;
}

// The smallest positive distance between two labelled rows; 0 without one.
static float closest_labeled(const Pool& pool, kernels::CoverageMemory& memory) {
  float least = 0;
  const auto rows = distinct_rows(pool.embeddings, gap_rows(pool.labeled));
  if (rows.size() < 2) return least;
  for (const float gap : memory.labeled_gaps(rows)) {
    if (gap > 0 && (least == 0 || gap < least)) least = gap;
  }
  return std::sqrt(least);
}

// gamma, given or from a radius: that of a typical neighbourhood, or the gaps between the labels
// where those are smaller.
static float gamma_of(const Pool& pool, Radius radius, const Params& params,
                      kernels::CoverageMemory& memory) {
  if (const double gamma = params.number("gamma"); gamma > 0) return static_cast<float>(gamma);
  if (radius == Radius::closest) {
    if (const float near = closest_labeled(pool, memory); near > 0)
      return 1 / std::max(near * near, 1e-12f);
  }
  float width = memory.typical_radius([&] { return typical_radius(pool); });
  if (radius == Radius::shrinking) {
    const float near = labeled_radius(pool, memory);
    if (near > 0) width = std::min(width, near);
  }
  return 1 / (2 * std::max(width * width, 1e-12f));
}

float herding_gamma(const Pool& pool, Radius radius, const Params& params) {
  kernels::CoverageMemory memory;
  memory.look_at(pool.embeddings, {});
  return gamma_of(pool, radius, params, memory);
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

static std::vector<int64_t> candidate_rows(const Pool& pool, std::span<const float> weights,
                                           size_t most) {
  std::vector<int64_t> rows;
  for (const size_t i : shortlist(pool, weights, most)) rows.push_back(pool.candidates[i]);
  return rows;
}

static size_t most_candidates(const Pool& pool, size_t batch_size, const Params& params,
                              Candidates candidates) {
  auto most = static_cast<size_t>(params.integer("max_candidates"));
  if (most == 0) return pool.candidates.size();
  const bool fits = candidates == Candidates::all_that_fit && pool.candidates.size() <= most;
  if (!params.changed("max_candidates") && !fits) {
    most = std::min(most, std::max(least_candidates, candidates_a_pick * batch_size));
  }
  return std::max(most, batch_size);
}

// What a target weighs the less for lying far from the others (k-th nearest neighbour distance,
// Ramaswamy, Rastogi and Shim 2000); one a target, 1 for at least 95 in 100.
static std::vector<float> outlier_discounts(const Pool& pool, std::span<const int64_t> targets,
                                            double power) {
  std::vector<float> discounts(targets.size(), 1);
  const size_t expected = outlier_neighbor * targets.size() / std::max<size_t>(1, pool.size);
  const size_t k = std::clamp<size_t>(expected, least_neighbors, outlier_neighbor);
  if (targets.size() <= 2 * k) return discounts;
  const Matrix table = kernels::neighbor_table(pool.embeddings, targets, k);
  std::vector<float> radii(targets.size());
  for (size_t t = 0; t < radii.size(); ++t) radii[t] = table.at(t, k - 1);
  std::vector<float> sorted = radii;
  const auto usual = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() * 95 / 100);
  std::nth_element(sorted.begin(), usual, sorted.end());
  for (size_t t = 0; t < radii.size(); ++t) {
    if (radii[t] > *usual) discounts[t] = static_cast<float>(std::pow(*usual / radii[t], power));
  }
  return discounts;
}

// Among rows that depend on the pool's size alone.
static float median_distance(const Pool& pool) {
  const kernels::WideRows rows(pool.embeddings,
                               fixed_sample(pool.size, std::min(pool.size, spread_sample), 4));
  const size_t n = rows.norms.size();
  std::vector<float> squared(n * n), apart;
  kernels::row_distances(rows.panel(), rows.panel(), squared.data());
  for (size_t i = 0; i < n; ++i) {
    apart.insert(apart.end(), squared.begin() + static_cast<std::ptrdiff_t>(i * n),
                 squared.begin() + static_cast<std::ptrdiff_t>(i * n + i));
  }
  return std::sqrt(median(std::move(apart)));
}

float duplicate_distance(const Pool& pool) {
  std::any own;
  kernels::CoverageMemory& memory = memory_of(pool, own);
  memory.look_at(pool.embeddings);
  return memory.median_distance([&] { return median_distance(pool); }) / 12;
}

// A batch covers what its targets stand for only where there are many of them for each pick; past
// what fits memory every look at a gain would cost products anew.
static size_t count_of_targets(const Params& params, size_t batch_size, size_t fitting) {
  const auto most = static_cast<size_t>(params.integer("max_targets"));
  if (params.changed("max_targets")) return most;
  return std::max(most, std::min({most_targets, targets_a_pick * batch_size, fitting}));
}

// A candidate that is a sampled target would count, for covering itself, as much as for all the
// rows that the target stands for. Of a small sample the candidates do without.
static void leave_out_targets(const Pool& pool, std::span<const int64_t> targets, size_t batch_size,
                              std::vector<int64_t>& candidates) {
  if (pool.size < rows_a_target * targets.size()) return;
  std::vector<int64_t> others;
  std::ranges::set_difference(candidates, targets, std::back_inserter(others));
  if (others.size() >= batch_size) candidates = std::move(others);
}

Selection herd(const Pool& pool, std::span<const float> weights, const HerdOptions& options,
               size_t batch_size, const Params& params) {
  if (pool.candidates.empty() || batch_size == 0) return {};
  auto candidates =
      candidate_rows(pool, weights, most_candidates(pool, batch_size, params, options.candidates));
  const size_t fitting = most_pairs / std::max<size_t>(1, candidates.size());
  const size_t most_rows = count_of_targets(params, batch_size, fitting);
  std::vector<int64_t> targets(pool.candidates.begin(), pool.candidates.end());
  if (most_rows > 0) targets = target_rows(pool, most_rows, fitting);
  leave_out_targets(pool, targets, batch_size, candidates);
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
  const float farthest = memory.median_distance([&] { return median_distance(pool); }) / 12;
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
