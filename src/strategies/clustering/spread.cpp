// Rounds over the clusters of a shortlist.
#include "strategies/clustering/spread.h"

#include <algorithm>
#include <numeric>

#include "kernels/center_panels.h"
#include "kernels/k_means.h"

namespace querist::strategies {

static constexpr size_t rows_a_step = 5000;

Matrix pool_centers(const Pool& pool, const SpreadOptions& options, Rng& rng) {
  std::vector<int64_t> rows(std::min(pool.size, options.max_sample));
  std::iota(rows.begin(), rows.end(), 0);
  if (pool.size > options.max_sample) {
    rows = rng.sample(pool.size, options.max_sample);
    std::sort(rows.begin(), rows.end());
  }
  const kernels::KMeansOptions k_means = {.clusters = std::min(options.clusters, rows.size()),
                                          .max_iterations = options.max_iterations,
                                          .batch = rows_a_step};
  return kernels::k_means(pool.embeddings, rows, {}, k_means, rng).centers;
}

Selection spread_over_clusters(const Pool& pool, const Selection& best,
                               const Matrix& pool_centers) {
  const kernels::CenterPanels centers(pool_centers);
  std::vector<int32_t> cluster(best.rows.size());
  std::vector<float> squared(best.rows.size());
  kernels::nearest_centers(pool.embeddings, best.rows, centers, cluster, squared);

  std::vector<std::vector<size_t>> groups(centers.count());
  for (size_t i = 0; i < cluster.size(); ++i) groups[static_cast<size_t>(cluster[i])].push_back(i);
  std::erase_if(groups, [](const auto& group) { return group.empty(); });
  std::sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) {
    return a.size() != b.size() ? a.size() < b.size() : a[0] < b[0];
  });
  Selection spread;
  for (size_t round = 0; spread.rows.size() < best.rows.size(); ++round) {
    for (const auto& group : groups) {
      if (round >= group.size()) continue;
      spread.rows.push_back(best.rows[group[round]]);
      spread.utilities.push_back(best.utilities[group[round]]);
    }
  }
  return spread;
}

}  // namespace querist::strategies
