// The list of every strategy file in this folder, written by the build, and the one door through
// which they run.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/registry.h"
#include "kernels/finite.h"
#include "strategies/strategy.h"

namespace querist::strategies {

const std::vector<QueryStrategy>& all() {
  static const std::vector<QueryStrategy> cards = {
#define ENTRY(function, wire_name) function(),
#include "strategies.list"
#undef ENTRY
  };
  return cards;
}

const QueryStrategy& find(std::string_view name) { return find_card(all(), "strategy", name); }

static void check_rows(std::span<const int64_t> rows, size_t size, std::string_view what) {
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] < 0 || static_cast<size_t>(rows[i]) >= size) {
      refuse("{} names row {}, but the pool has {} rows", what, rows[i], size);
    }
    if (i > 0 && rows[i] <= rows[i - 1]) refuse("{} must be ascending without repeats", what);
  }
}

static void check_pool(const QueryStrategy& strategy, const Pool& pool) {
  check_rows(pool.candidates, pool.size, "candidates");
  check_rows(pool.labeled, pool.size, "labeled");
  for (const int64_t row : pool.labeled) {
    if (std::binary_search(pool.candidates.begin(), pool.candidates.end(), row)) {
      refuse("row {} is both labeled and a candidate", row);
    }
  }
  if (pool.labels.size() != pool.labeled.size()) {
    refuse("labels has {} entries but labeled has {}", pool.labels.size(), pool.labeled.size());
  }
  for (const int32_t label : pool.labels) {
    if (label < 0 || static_cast<size_t>(label) >= pool.classes) {
      refuse("labels holds class {}, but there are {} classes", label, pool.classes);
    }
  }
  if (has(strategy.needs, Signal::embeddings)) {
    if (pool.embeddings.rows != pool.size)
      refuse("{} needs embeddings of all {} rows", strategy.name, pool.size);
    if (!pool.checked && !kernels::all_finite(pool.embeddings))
      refuse("embeddings hold a NaN or infinite number");
  }
  if (pool.probabilities.rows != 0) {
    if (pool.probabilities.rows != pool.size || pool.probabilities.cols != pool.classes) {
      refuse("probabilities must be ({}, {}), not ({}, {})", pool.size, pool.classes,
             pool.probabilities.rows, pool.probabilities.cols);
    }
    if (!pool.checked && !kernels::all_finite(Features(pool.probabilities)))
      refuse("probabilities hold a NaN or infinite number");
  }
}

Selection select_batch(const QueryStrategy& strategy, const Pool& pool, size_t batch_size,
                       const Params& params, uint64_t seed) {
  check_pool(strategy, pool);
  batch_size = std::min(batch_size, pool.candidates.size());
  Rng rng(seed);
  const bool no_model = has(strategy.needs, Signal::probabilities) && pool.probabilities.rows == 0;
  const auto choose = no_model && !strategy.handles_no_model ? random().select : strategy.select;
  Selection selection = choose(pool, batch_size, params, rng);
  QUERIST_CHECK(selection.rows.size() == batch_size && selection.utilities.size() == batch_size);
  if (selection.propensities.empty()) selection.propensities.assign(batch_size, 1);
  return selection;
}

Selection top_k(const Pool& pool, const std::vector<float>& utilities, size_t k) {
  QUERIST_CHECK(utilities.size() == pool.candidates.size());
  std::vector<size_t> order(utilities.size());
  std::iota(order.begin(), order.end(), 0);
  k = std::min(k, order.size());
  const auto before = [&](size_t a, size_t b) {
    return utilities[a] != utilities[b] ? utilities[a] > utilities[b] : a < b;
  };
  // A heap of the k best: one look at most utilities, where k is a batch and the rest a pool.
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(k), order.end(),
                    before);
  Selection selection;
  for (size_t i = 0; i < k; ++i) {
    selection.rows.push_back(pool.candidates[order[i]]);
    selection.utilities.push_back(utilities[order[i]]);
  }
  return selection;
}

}  // namespace querist::strategies
