// Sums over blocks of targets in a fixed order, the candidates spread over the threads.
#include "strategies/distance/cold_start.h"

#include <algorithm>
#include <numeric>

#include "base/threads.h"
#include "kernels/nearest_update.h"
#include "strategies/herding/herding.h"
#include "strategies/strategy.h"

namespace querist::strategies {

ParamSpec start_targets_param() {
  return {.name = "max_targets",
          .fallback = 10'000,
          .min = 0,
          .max = 1e9,
          .whole = true,
          .help =
              "Most examples, a fixed sample, that distances are taken to for the first pick "
              "where nothing is labelled; 0: all."};
}

Selection most_central(const Pool& pool, std::span<const int64_t> targets, size_t max_targets) {
  constexpr size_t block = 1024;
  std::vector<int64_t> sample;
  if (max_targets > 0 && max_targets < targets.size()) {
    for (const int64_t i : fixed_sample(targets.size(), max_targets, 3))
      sample.push_back(targets[static_cast<size_t>(i)]);
    targets = sample;
  }
  std::vector<double> utilities(pool.candidates.size(), 0);
  for (size_t from = 0; from < targets.size(); from += block) {
    const Matrix panel =
        dense_rows(pool.embeddings, targets.subspan(from, std::min(block, targets.size() - from)));
    parallel_for(utilities.size(), 256, [&](size_t begin, size_t end) {
      kernels::distance_sums(pool.embeddings, pool.candidates.subspan(begin, end - begin), panel,
                             std::span(utilities).subspan(begin, end - begin));
    });
  }
  for (double& utility : utilities) utility = -utility;
  return top_k(pool, utilities, 1);
}

std::vector<int64_t> all_rows(const Pool& pool) {
  std::vector<int64_t> rows(pool.size);
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

size_t candidate_index(const Pool& pool, int64_t row) {
  return static_cast<size_t>(std::ranges::lower_bound(pool.candidates, row) -
                             pool.candidates.begin());
}

}  // namespace querist::strategies
