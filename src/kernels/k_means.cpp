// Sweeps of assignments and means; the sums of a cluster run over its rows in order, in double.
#include "kernels/k_means.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/check.h"
#include "base/interrupt.h"
#include "base/threads.h"
#include "kernels/center_panels.h"

namespace querist::kernels {

static constexpr size_t patience = 10;     // Mini-batches without progress before the end.
static constexpr size_t init_batches = 3;  // Rows that the first centres are drawn from.
static constexpr size_t init_rows_a_center = 10;

static double weight_of(std::span<const float> weights, size_t i) {
  return weights.empty() ? 1 : double{weights[i]};
}

// Rows by cluster, each cluster's in order.
struct Members {
  std::vector<size_t> starts;
  std::vector<uint32_t> order;
  std::vector<double> weights;

  Members(std::span<const int32_t> cluster, std::span<const float> row_weights, size_t clusters)
      : starts(clusters + 1), order(cluster.size()), weights(clusters) {
    for (size_t i = 0; i < cluster.size(); ++i) {
      ++starts[static_cast<size_t>(cluster[i]) + 1];
      weights[static_cast<size_t>(cluster[i])] += weight_of(row_weights, i);
    }
    std::partial_sum(starts.begin(), starts.end(), starts.begin());
    std::vector<size_t> next(starts.begin(), starts.end() - 1);
    for (size_t i = 0; i < cluster.size(); ++i) {
      order[next[static_cast<size_t>(cluster[i])]++] = static_cast<uint32_t>(i);
    }
  }
};

// centers[c] = (kept[c] * centers[c] + the weighted sum of its rows) / (kept[c] + their weight),
// for every cluster with weight. kept: empty for 0.
static void move_centers(const Features& x, std::span<const int64_t> rows,
                         std::span<const float> weights, const Members& members,
                         std::span<const double> kept, Matrix& centers) {
  // Few clusters are spread over the threads by columns; neither cut changes a sum.
  const size_t slice = centers.rows >= 64 ? centers.cols : std::min<size_t>(centers.cols, 64);
  const size_t slices = slice ? (centers.cols + slice - 1) / slice : 0;
  parallel_for(centers.rows * slices, 1, [&](size_t begin, size_t end) {
    std::vector<double> sums;
    for (size_t task = begin; task < end; ++task) {
      check_interrupt();
      const size_t c = task / slices;
      const size_t from = task % slices * slice;
      if (!(members.weights[c] > 0)) continue;
      const double old = kept.empty() ? 0 : kept[c];
      sums.assign(std::min(slice, centers.cols - from), 0);
      for (size_t j = 0; j < sums.size(); ++j) sums[j] = old * double{centers.at(c, from + j)};
      for (size_t m = members.starts[c]; m < members.starts[c + 1]; ++m) {
        const size_t i = members.order[m];
        add_row(x, rows[i], from, weight_of(weights, i), sums);
      }
      for (size_t j = 0; j < sums.size(); ++j) {
        centers.at(c, from + j) = static_cast<float>(sums[j] / (old + members.weights[c]));
      }
    }
  });
}

static double inertia_of(std::span<const float> squared, std::span<const float> weights) {
  double sum = 0;
  for (size_t i = 0; i < squared.size(); ++i) sum += weight_of(weights, i) * double{squared[i]};
  return sum;
}

// Gives every cluster without weight the row that costs most where it is; the lower row on ties.
static void fill_empty(std::span<const float> squared, std::span<const float> weights,
                       size_t clusters, std::vector<int32_t>& cluster) {
  std::vector<double> mass(clusters);
  std::vector<size_t> heavy(clusters);  // Rows with weight.
  for (size_t i = 0; i < cluster.size(); ++i) {
    mass[static_cast<size_t>(cluster[i])] += weight_of(weights, i);
    heavy[static_cast<size_t>(cluster[i])] += weight_of(weights, i) > 0;
  }
  const auto empties = static_cast<size_t>(
      std::count_if(mass.begin(), mass.end(), [](double m) { return !(m > 0); }));
  if (empties == 0) return;
  std::vector<size_t> order(cluster.size());
  std::iota(order.begin(), order.end(), 0);
  const auto cost = [&](size_t i) { return weight_of(weights, i) * double{squared[i]}; };
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return cost(a) != cost(b) ? cost(a) > cost(b) : a < b; });
  size_t next = 0;
  for (size_t c = 0; c < clusters; ++c) {
    if (mass[c] > 0) continue;
    // The last row of a cluster stays: moving it would only empty another.
    while (next < order.size() && heavy[static_cast<size_t>(cluster[order[next]])] < 2) ++next;
    if (next == order.size() || !(cost(order[next]) > 0)) return;
    --heavy[static_cast<size_t>(cluster[order[next]])];
    cluster[order[next]] = static_cast<int32_t>(c);
    heavy[c] = 1;
    ++next;
  }
}

Clustering lloyd(const Features& x, std::span<const int64_t> rows, std::span<const float> weights,
                 Matrix centers, const KMeansOptions& options) {
  QUERIST_CHECK(weights.empty() || weights.size() == rows.size());
  QUERIST_CHECK(rows.size() < std::numeric_limits<uint32_t>::max());
  Clustering found{std::move(centers), std::vector<int32_t>(rows.size()),
                   std::vector<float>(rows.size()), 0, 0};
  const size_t clusters = found.centers.rows;
  std::vector<int32_t> before;
  for (;;) {
    const double last = found.inertia;
    nearest_centers(x, rows, CenterPanels(found.centers), found.cluster, found.squared);
    found.inertia = inertia_of(found.squared, weights);
    check_interrupt();
    const bool is_first = found.iterations++ == 0;
    if (found.iterations >= options.max_iterations || rows.empty()) break;
    if (!is_first && last - found.inertia <= options.tolerance * last) break;
    std::vector<int32_t> filled = found.cluster;
    fill_empty(found.squared, weights, clusters, filled);
    if (filled == before) break;
    move_centers(x, rows, weights, Members(filled, weights, clusters), {}, found.centers);
    before = std::move(filled);
  }
  return found;
}

std::vector<size_t> plus_plus_rows(const Features& x, std::span<const int64_t> rows,
                                   std::span<const float> weights, size_t clusters, Rng& rng) {
  constexpr size_t most_proposals = 32;
  const size_t n = rows.size();
  clusters = std::min(clusters, n);
  std::vector<size_t> drawn;
  std::vector<float> nearest(n, 1);
  std::vector<float> squared(n);
  std::vector<int32_t> unused(n);
  std::vector<double> mass(n);
  while (drawn.size() < clusters) {
    double total = 0;
    for (size_t i = 0; i < n; ++i) mass[i] = total += weight_of(weights, i) * double{nearest[i]};
    if (!(total > 0)) break;
    const size_t proposals =
        std::min({most_proposals, clusters - drawn.size(), std::max<size_t>(1, drawn.size())});
    std::vector<int64_t> kept;
    const bool is_first = drawn.empty();
    for (size_t p = 0; p < proposals; ++p) {
      const auto at = std::upper_bound(mass.begin(), mass.end(), rng.uniform() * total);
      const auto i = static_cast<size_t>(std::min(at, mass.end() - 1) - mass.begin());
      float now = nearest[i];
      const Matrix row = dense_rows(x, rows.subspan(i, 1));
      for (const int64_t other : kept) now = std::min(now, squared_distance(x, other, row.row(0)));
      if (!(rng.uniform() * double{nearest[i]} < double{now})) continue;
      kept.push_back(rows[i]);
      drawn.push_back(i);
    }
    nearest_centers(x, rows, CenterPanels(dense_rows(x, kept)), unused, squared);
    for (size_t i = 0; i < n; ++i) {
      nearest[i] = is_first ? squared[i] : std::min(nearest[i], squared[i]);
    }
    check_interrupt();
  }
  std::vector<char> is_drawn(n);
  for (const size_t i : drawn) is_drawn[i] = 1;
  for (size_t i = 0; i < n && drawn.size() < clusters; ++i) {
    if (!is_drawn[i]) drawn.push_back(i);
  }
  return drawn;
}

static std::vector<int64_t> picked_rows(std::span<const int64_t> rows,
                                        std::span<const int64_t> indices) {
  std::vector<int64_t> out;
  for (const int64_t i : indices) out.push_back(rows[static_cast<size_t>(i)]);
  return out;
}

static std::vector<float> picked_weights(std::span<const float> weights,
                                         std::span<const int64_t> indices) {
  std::vector<float> out;
  if (weights.empty()) return out;
  for (const int64_t i : indices) out.push_back(weights[static_cast<size_t>(i)]);
  return out;
}

static Matrix first_centers(const Features& x, std::span<const int64_t> rows,
                            std::span<const float> weights, size_t clusters, Rng& rng) {
  std::vector<int64_t> drawn;
  for (const size_t i : plus_plus_rows(x, rows, weights, clusters, rng)) drawn.push_back(rows[i]);
  return dense_rows(x, drawn);
}

static Clustering mini_batches(const Features& x, std::span<const int64_t> rows,
                               std::span<const float> weights, const KMeansOptions& options,
                               Rng& rng) {
  const size_t n = rows.size();
  const auto draw = [&](size_t count) {
    auto indices = rng.sample(n, std::min(n, count));
    std::sort(indices.begin(), indices.end());
    return indices;
  };
  const auto start =
      draw(std::max(init_batches * options.batch, init_rows_a_center * options.clusters));
  Matrix centers = first_centers(x, picked_rows(rows, start), picked_weights(weights, start),
                                 options.clusters, rng);
  std::vector<double> seen(centers.rows);
  std::vector<int32_t> cluster(options.batch);
  std::vector<float> squared(options.batch);
  const double share =
      std::min(1.0, 2 * static_cast<double>(options.batch) / static_cast<double>(n + 1));
  double average = 0;
  double least = std::numeric_limits<double>::infinity();
  size_t step = 0;
  for (size_t waited = 0; step < options.max_iterations && waited < patience; ++step) {
    const auto indices = draw(options.batch);
    const auto batch_rows = picked_rows(rows, indices);
    const auto batch_weights = picked_weights(weights, indices);
    nearest_centers(x, batch_rows, CenterPanels(centers), cluster, squared);
    const Members members(cluster, batch_weights, centers.rows);
    move_centers(x, batch_rows, batch_weights, members, seen, centers);
    for (size_t c = 0; c < seen.size(); ++c) seen[c] += members.weights[c];
    const double inertia = inertia_of(squared, batch_weights);
    average = step == 0 ? inertia : average + share * (inertia - average);
    waited = average < least ? 0 : waited + 1;
    least = std::min(least, average);
    check_interrupt();
  }
  Clustering found = lloyd(x, rows, weights, std::move(centers), {.max_iterations = 2});
  found.iterations += step;
  return found;
}

Clustering k_means(const Features& x, std::span<const int64_t> rows, std::span<const float> weights,
                   const KMeansOptions& options, Rng& rng) {
  QUERIST_CHECK(options.clusters > 0 && options.clusters <= rows.size());
  QUERIST_CHECK(weights.empty() || weights.size() == rows.size());
  if (options.batch > 0 && options.batch < rows.size()) {
    return mini_batches(x, rows, weights, options, rng);
  }
  return lloyd(x, rows, weights, first_centers(x, rows, weights, options.clusters, rng), options);
}

}  // namespace querist::kernels
