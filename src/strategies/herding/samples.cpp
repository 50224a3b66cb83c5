// Fixed samples, the heaviest rows, and an even walk.
#include "strategies/herding/samples.h"

#include <algorithm>
#include <numeric>

#include "base/rng.h"

namespace querist::strategies {

static constexpr size_t candidates_a_pick = 200;
static constexpr size_t least_candidates = 2000;
static constexpr size_t targets_a_pick = 10;
static constexpr size_t rows_a_target = 20;  // From here on the targets are a small sample.
static constexpr size_t steps_a_label = 4;
// Rows of the pool that depend on its size alone, ascending: the same ones from label to label.
std::vector<int64_t> fixed_sample(size_t size, size_t count, uint64_t salt) {
  auto rows = Rng(mix_seed(size, salt)).sample(size, count);
  std::sort(rows.begin(), rows.end());
  return rows;
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

size_t index_of(std::span<const int64_t> rows, int64_t row) {
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

std::vector<int64_t> candidate_rows(const Pool& pool, std::span<const float> weights, size_t most) {
  std::vector<int64_t> rows;
  for (const size_t i : shortlist(pool, weights, most)) rows.push_back(pool.candidates[i]);
  return rows;
}

size_t most_candidates(const Pool& pool, size_t batch_size, const Params& params,
                       Candidates candidates) {
  auto most = static_cast<size_t>(params.integer("max_candidates"));
  if (most == 0) return pool.candidates.size();
  const bool fits = candidates == Candidates::all_that_fit && pool.candidates.size() <= most;
  if (!params.changed("max_candidates") && !fits) {
    most = std::min(most, std::max(least_candidates, candidates_a_pick * batch_size));
  }
  return std::max(most, batch_size);
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

std::vector<int64_t> targets_for(const Pool& pool, size_t batch_size, const Params& params,
                                 std::vector<int64_t>& candidates) {
  const size_t fitting = most_pairs / std::max<size_t>(1, candidates.size());
  const size_t most_rows = count_of_targets(params, batch_size, fitting);
  std::vector<int64_t> targets(pool.candidates.begin(), pool.candidates.end());
  if (most_rows > 0) targets = target_rows(pool, most_rows, fitting);
  leave_out_targets(pool, targets, batch_size, candidates);
  return targets;
}

std::vector<float> target_weights(const Pool& pool, std::span<const float> weights,
                                  std::span<const int64_t> targets) {
  std::vector<float> out(targets.size(), 0);
  for (size_t t = 0; t < targets.size(); ++t) {
    const size_t i = index_of(pool.candidates, targets[t]);
    if (i < pool.candidates.size()) out[t] = weights.empty() ? 1 : weights[i];
  }
  return out;
}

}  // namespace querist::strategies
