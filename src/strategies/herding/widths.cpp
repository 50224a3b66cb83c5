// Quantiles of distances over samples of the pool, kept in its memory.
#include "strategies/herding/widths.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_set>

#include "base/rng.h"
#include "kernels/coverage.h"
#include "kernels/coverage_rows.h"
#include "kernels/neighbors.h"

namespace querist::strategies {

static constexpr size_t radius_sample = 2000;
static constexpr size_t radius_queries = 500;  // A quantile needs no more distances than this.
static constexpr size_t spread_sample = 400;   // Rows; 80,000 pairs.
static constexpr size_t gap_sample = 4096;     // Labelled rows whose neighbours are looked at.

static constexpr double rows_near_by_chance = 0.1;  // That a near duplicate may have.
static constexpr size_t outlier_neighbor = 20;      // Of the whole pool.
static constexpr size_t least_neighbors = 5;        // Of a sample of it.

static float median(std::vector<float> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

kernels::CoverageMemory& memory_of(const Pool& pool, std::any& own) {
  std::any& place = pool.memory ? *pool.memory : own;
  if (auto* kept = std::any_cast<kernels::CoverageMemory>(&place)) return *kept;
  return place.emplace<kernels::CoverageMemory>();
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

// gamma, given or from a radius: that of a typical neighbourhood, or the smallest gap between two
// labels.
float gamma_of(const Pool& pool, Radius radius, const Params& params,
               kernels::CoverageMemory& memory) {
  if (const double gamma = params.number("gamma"); gamma > 0) return static_cast<float>(gamma);
  if (radius == Radius::closest) {
    if (const float near = closest_labeled(pool, memory); near > 0)
      return 1 / std::max(near * near, 1e-12f);
  }
  const float width = memory.typical_radius([&] { return typical_radius(pool); });
  return 1 / (2 * std::max(width * width, 1e-12f));
}

float herding_gamma(const Pool& pool, Radius radius, const Params& params) {
  kernels::CoverageMemory memory;
  memory.look_at(pool.embeddings, {});
  return gamma_of(pool, radius, params, memory);
}

std::vector<float> outlier_discounts(const Pool& pool, std::span<const int64_t> targets,
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
  const float between = memory.median_distance([&] { return median_distance(pool); });
  const double by_chance = std::pow(rows_near_by_chance / static_cast<double>(pool.size),
                                    1 / static_cast<double>(pool.embeddings.cols));
  return between * static_cast<float>(std::min(1.0 / 12, by_chance));
}

}  // namespace querist::strategies
