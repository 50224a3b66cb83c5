// Clusters by Lloyd's k-means from centres far apart; a ball is pure up to the nearest row of
// another cluster.
#include "strategies/prob_cover/purity.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/rng.h"
#include "base/threads.h"
#include "kernels/coverage_rows.h"
#include "kernels/k_center.h"
#include "kernels/row_distances.h"
#include "strategies/herding/herding.h"

namespace querist::strategies {

static constexpr size_t cluster_sample = 20'000;
static constexpr size_t ball_sample = 1000;
static constexpr size_t sweeps = 20;
static constexpr size_t block = 512;  // Rows widened at a time.

static std::vector<int64_t> part_of(std::span<const int64_t> rows, size_t from) {
  const auto part = rows.subspan(from, std::min(block, rows.size() - from));
  return {part.begin(), part.end()};
}

// The nearest centre of each row; ties go to the lower.
static std::vector<uint32_t> assigned(const Features& x, std::span<const int64_t> rows,
                                      const Matrix& centers) {
  std::vector<uint32_t> out(rows.size());
  const auto norms = kernels::row_norms(centers);
  std::vector<float> distances(block * centers.rows);
  for (size_t from = 0; from < rows.size(); from += block) {
    const Matrix wide = kernels::widened_rows(x, part_of(rows, from));
    kernels::row_distances({wide, kernels::row_norms(wide)}, {centers, norms}, distances.data());
    for (size_t i = 0; i < wide.rows; ++i) {
      const float* row = distances.data() + i * centers.rows;
      out[from + i] = static_cast<uint32_t>(std::min_element(row, row + centers.rows) - row);
    }
  }
  return out;
}

static Matrix means(const Features& x, std::span<const int64_t> rows,
                    const std::vector<uint32_t>& clusters, const Matrix& before) {
  std::vector<double> sums(before.values.size(), 0);
  std::vector<double> counts(before.rows, 0);
  for (size_t from = 0; from < rows.size(); from += block) {
    const Matrix wide = kernels::widened_rows(x, part_of(rows, from));
    for (size_t i = 0; i < wide.rows; ++i) {
      const size_t c = clusters[from + i];
      ++counts[c];
      for (size_t j = 0; j < x.cols; ++j) sums[c * x.cols + j] += double{wide.at(i, j)};
    }
  }
  Matrix out = before;  // A cluster that lost all its rows stays where it was.
  for (size_t c = 0; c < out.rows; ++c) {
    for (size_t j = 0; j < x.cols && counts[c] > 0; ++j)
      out.at(c, j) = static_cast<float>(sums[c * x.cols + j] / counts[c]);
  }
  return out;
}

static Matrix fitted_centers(const Pool& pool, size_t count) {
  const auto rows = fixed_sample(pool.size, std::min(pool.size, cluster_sample), 4);
  std::vector<int64_t> chosen;
  for (const auto& pick : kernels::farthest_first(pool.embeddings, rows, {}, count, 0))
    chosen.push_back(rows[pick.candidate]);
  Matrix centers = kernels::widened_rows(pool.embeddings, chosen);
  std::vector<uint32_t> before;
  for (size_t sweep = 0; sweep < sweeps; ++sweep) {
    auto clusters = assigned(pool.embeddings, rows, centers);
    if (clusters == before) break;
    centers = means(pool.embeddings, rows, clusters, centers);
    before = std::move(clusters);
  }
  return centers;
}

float pure_radius(const Pool& pool, size_t clusters, double purity) {
  std::vector<int64_t> all(pool.size);
  std::iota(all.begin(), all.end(), 0);
  const auto cluster_of =
      assigned(pool.embeddings, all, fitted_centers(pool, std::min(clusters, pool.size)));
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
