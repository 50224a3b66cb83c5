// A ball is pure up to the nearest row of another cluster.
#include "strategies/prob_cover/purity.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/rng.h"
#include "base/threads.h"
#include "kernels/coverage_rows.h"
#include "kernels/row_distances.h"
#include "strategies/clustering/clustering.h"
#include "strategies/herding/herding.h"

namespace querist::strategies {

static constexpr size_t ball_sample = 1000;
static constexpr size_t sweeps = 100;
static constexpr size_t block = 512;  // Rows widened at a time.

static std::vector<int64_t> part_of(std::span<const int64_t> rows, size_t from) {
  const auto part = rows.subspan(from, std::min(block, rows.size() - from));
  return {part.begin(), part.end()};
}

float pure_radius(const Pool& pool, size_t clusters, double purity) {
  std::vector<int64_t> all(pool.size);
  std::iota(all.begin(), all.end(), 0);
  Rng rng(mix_seed(pool.size, 4));
  const auto cluster_of =
      cluster_rows(pool.embeddings, all, {}, std::min(clusters, pool.size), sweeps, rng).cluster;
  const auto balls = fixed_sample(pool.size, std::min(pool.size, ball_sample), 5);
  const Matrix queries = kernels::widened_rows(pool.embeddings, balls);
  const auto norms = kernels::row_norms(queries);
  std::vector<float> nearest(balls.size(), std::numeric_limits<float>::infinity());
  std::vector<float> distances(balls.size() * block);
  for (size_t from = 0; from < all.size(); from += block) {
    const Matrix wide = kernels::widened_rows(pool.embeddings, part_of(all, from));
    kernels::row_distances({queries, norms}, {wide, kernels::row_norms(wide)}, distances.data());
    parallel_for(balls.size(), 64, [&](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) {
        for (size_t j = 0; j < wide.rows; ++j) {
          if (cluster_of[static_cast<size_t>(balls[i])] != cluster_of[from + j])
            nearest[i] = std::min(nearest[i], distances[i * wide.rows + j]);
        }
      }
    });
  }
  std::sort(nearest.begin(), nearest.end());
  const auto impure = static_cast<size_t>((1 - purity) * static_cast<double>(balls.size()) + 1e-9);
  const float limit = nearest[std::min(impure, nearest.size() - 1)];
  return std::isinf(limit) ? 0 : std::nextafter(std::sqrt(limit), 0.0f);
}

}  // namespace querist::strategies
