// Rounds over the clusters, one pick each.
#include "strategies/clustering/clustering.h"

#include <algorithm>
#include <cmath>

namespace querist::strategies {

static constexpr size_t most_swept = 100'000;  // Rows.
static constexpr size_t batch_rows = 5000;

ParamSpec max_iterations_param() {
  return {.name = "max_iterations",
          .fallback = 100,
          .min = 1,
          .max = 10'000,
          .whole = true,
          .help = "Most sweeps of k-means, or mini-batches in a pool of more than 100,000."};
}

kernels::Clustering cluster_rows(const Features& x, std::span<const int64_t> rows,
                                 std::span<const float> weights, size_t clusters,
                                 size_t max_iterations, Rng& rng) {
  const kernels::KMeansOptions options = {.clusters = clusters,
                                          .max_iterations = max_iterations,
                                          .batch = rows.size() > most_swept ? batch_rows : 0};
  return kernels::k_means(x, rows, weights, options, rng);
}

std::vector<float> weights_per_cost(const Pool& pool, std::span<const int64_t> rows,
                                    std::vector<float> weights) {
  if (pool.costs.empty() || rows.empty()) return weights;
  if (weights.empty()) weights.assign(rows.size(), 1);
  const auto cost = [&](size_t i) { return pool.costs[static_cast<size_t>(rows[i])]; };
  float least = cost(0);
  for (size_t i = 1; i < rows.size(); ++i) least = std::min(least, cost(i));
  for (size_t i = 0; i < rows.size(); ++i) weights[i] *= least / cost(i);
  return weights;
}

// One round: the best candidate that each cluster still has.
static std::vector<size_t> best_of_clusters(const Pool& pool, const kernels::Clustering& clustering,
                                            std::span<const char> is_picked) {
  const size_t n = pool.candidates.size();
  std::vector<size_t> best(clustering.centers.rows, n);
  const auto price = [&](size_t i) {
    const double distance = std::sqrt(double{clustering.squared[i]});
    if (pool.costs.empty()) return distance;
    return (1 + distance) * double{pool.costs[static_cast<size_t>(pool.candidates[i])]};
  };
  for (size_t i = 0; i < n; ++i) {
    if (is_picked[i]) continue;
    size_t& own = best[static_cast<size_t>(clustering.cluster[i])];
    if (own == n || price(i) < price(own)) own = i;
  }
  std::erase(best, n);
  return best;
}

Selection nearest_to_centers(const Pool& pool, const kernels::Clustering& clustering,
                             std::span<const float> weights, size_t batch_size) {
  std::vector<double> mass(clustering.centers.rows);
  for (size_t i = 0; i < pool.candidates.size(); ++i) {
    mass[static_cast<size_t>(clustering.cluster[i])] +=
        weights.empty() ? 1 : static_cast<double>(weights[i]);
  }
  const auto mass_of = [&](size_t i) { return mass[static_cast<size_t>(clustering.cluster[i])]; };
  std::vector<char> is_picked(pool.candidates.size());
  Selection selection;
  for (double round = 1; selection.rows.size() < batch_size; ++round) {
    auto best = best_of_clusters(pool, clustering, is_picked);
    std::sort(best.begin(), best.end(), [&](size_t a, size_t b) {
      return mass_of(a) != mass_of(b) ? mass_of(a) > mass_of(b) : a < b;
    });
    for (const size_t i : best) {
      if (selection.rows.size() == batch_size) break;
      is_picked[i] = 1;
      selection.rows.push_back(pool.candidates[i]);
      selection.utilities.push_back(mass_of(i) / round);
    }
  }
  return selection;
}

}  // namespace querist::strategies
