// TypiClust: ask about the most typical example of each large cluster without labels (Hacohen,
// Dekel and Weinshall 2022).
#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/interrupt.h"
#include "base/threads.h"
#include "kernels/coverage_rows.h"
#include "kernels/neighbors.h"
#include "strategies/clustering/clustering.h"
#include "strategies/prices.h"
#include "strategies/strategy.h"

namespace querist::strategies {

// All pairs of a cluster are looked at; of one larger than this only an even sample of its rows.
static constexpr size_t most_rows = 20'000;
static constexpr size_t rows_a_cluster = 20;  // At least so many on average.

// The rows that are clustered, candidates and labelled, and where their values lie.
struct Clustered {
  std::vector<int64_t> rows;  // Of the pool, ascending.
  std::vector<char> is_labeled;
  Matrix unit_rows;
  Features x;
  std::vector<int64_t> at;  // Of x.

  Clustered(const Pool& pool, bool normalize) : x(pool.embeddings) {
    std::ranges::merge(pool.candidates, pool.labeled, std::back_inserter(rows));
    for (const int64_t row : rows)
      is_labeled.push_back(std::ranges::binary_search(pool.labeled, row));
    at = rows;
    if (!normalize) return;
    unit_rows = kernels::widened_rows(pool.embeddings, rows);
    parallel_for(rows.size(), 1024, [&](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) {
        double norm = 0;
        for (const float v : unit_rows.row(i)) norm += double{v} * double{v};
        if (norm == 0) continue;
        for (float& v : unit_rows.row(i)) v = static_cast<float>(double{v} / std::sqrt(norm));
      }
    });
    x = unit_rows;
    std::iota(at.begin(), at.end(), 0);
  }
};

struct Group {
  std::vector<size_t> rows;  // Candidates not picked yet, as indices into Clustered, ascending.
  size_t size = 0;           // With labelled and picked ones.
  size_t labeled = 0;
  double weight = 0;
};

// min(labelled + batch, max_clusters), but no more than leave 20 rows a cluster, or one cluster a
// pick.
static size_t cluster_count(size_t n, size_t labeled, size_t batch_size, size_t max_clusters) {
  const size_t wanted = std::min(labeled + batch_size, max_clusters);
  return std::clamp<size_t>(std::min(wanted, std::max(n / rows_a_cluster, batch_size)), 1, n);
}

// Fewest labels first, then largest.
static std::vector<Group> groups_of(const Clustered& clustered, std::span<const int32_t> cluster,
                                    std::span<const float> weights, size_t clusters) {
  std::vector<Group> groups(clusters);
  for (size_t i = 0; i < cluster.size(); ++i) {
    Group& own = groups[static_cast<size_t>(cluster[i])];
    ++own.size;
    own.labeled += clustered.is_labeled[i] ? 1 : 0;
    own.weight += weights.empty() ? 1 : double{weights[i]};
    if (!clustered.is_labeled[i]) own.rows.push_back(i);
  }
  std::erase_if(groups, [](const Group& group) { return group.rows.empty(); });
  std::sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) {
    if (a.labeled != b.labeled) return a.labeled < b.labeled;
    return a.weight != b.weight ? a.weight > b.weight : a.rows[0] < b.rows[0];
  });
  return groups;
}

struct Typical {
  size_t place = 0;  // In the group's rows.
  double typicality = -1;
};

// 1 / (mean distance to the nearest neighbours in what is left of the cluster + 1e-5), over the
// cost.
static Typical most_typical(const Pool& pool, const Clustered& clustered, const Group& group,
                            size_t neighbors) {
  const size_t m = std::min(group.rows.size(), most_rows);
  const auto place = [&](size_t i) { return i * group.rows.size() / m; };
  std::vector<int64_t> at(m);
  for (size_t i = 0; i < m; ++i) at[i] = clustered.at[group.rows[place(i)]];
  const size_t k = std::min(neighbors, std::max<size_t>(m / 2, 1));
  const Matrix distances = kernels::neighbor_table(clustered.x, at, k);
  Typical best;
  for (size_t i = 0; i < m; ++i) {
    double sum = 0;
    for (const float distance : distances.row(i)) sum += double{distance};
    double typicality = 1 / (sum / static_cast<double>(std::max<size_t>(distances.cols, 1)) + 1e-5);
    typicality /= price(pool, clustered.rows[group.rows[place(i)]]);
    if (typicality > best.typicality) best = {place(i), typicality};
  }
  return best;
}

static Selection select(const Pool& pool, size_t batch_size, const Params& params, Rng& rng) {
  if (batch_size == 0) return {};
  const Clustered clustered(pool, params.flag("normalize"));
  const size_t n = clustered.rows.size();
  const size_t clusters = cluster_count(n, pool.labeled.size(), batch_size,
                                        static_cast<size_t>(params.integer("max_clusters")));
  const auto weights = weights_per_cost(pool, clustered.rows, {});
  const auto found = cluster_rows(clustered.x, clustered.at, weights, clusters,
                                  static_cast<size_t>(params.integer("max_iterations")), rng);
  auto groups = groups_of(clustered, found.cluster, weights, clusters);
  const auto least = static_cast<size_t>(params.integer("min_cluster_size"));
  // The small ones come back when the large ones have nobody left: every batch is filled.
  const auto small = std::stable_partition(groups.begin(), groups.end(),
                                           [&](const Group& group) { return group.size > least; });
  std::vector<std::span<Group>> passes = {{groups.begin(), small}, {small, groups.end()}};
  Selection selection;
  for (const auto pass : passes) {
    for (bool is_left = true; is_left && selection.rows.size() < batch_size;) {
      is_left = false;
      for (Group& group : pass) {
        if (group.rows.empty() || selection.rows.size() == batch_size) continue;
        const Typical best =
            most_typical(pool, clustered, group, static_cast<size_t>(params.integer("neighbors")));
        selection.rows.push_back(clustered.rows[group.rows[best.place]]);
        selection.utilities.push_back(best.typicality);
        group.rows.erase(group.rows.begin() + static_cast<std::ptrdiff_t>(best.place));
        is_left = true;
        check_interrupt();
      }
    }
  }
  return selection;
}

QueryStrategy typiclust() {
  return {
      .name = "typiclust",
      .summary =
          "The most typical of each large cluster without labels; for the very first labels.",
      .needs = Signal::embeddings,
      .params = {{.name = "neighbors",
                  .fallback = 20,
                  .min = 1,
                  .max = 1000,
                  .whole = true,
                  .help =
                      "Nearest neighbours whose mean distance says how typical an example is; at "
                      "most half its cluster."},
                 {.name = "min_cluster_size",
                  .fallback = 5,
                  .min = 0,
                  .max = 100'000,
                  .whole = true,
                  .help = "Clusters of no more than this come last."},
                 {.name = "max_clusters",
                  .fallback = 500,
                  .min = 1,
                  .max = 100'000,
                  .whole = true,
                  .help = "Most clusters; else one for each label and pick, as far as 20 examples "
                          "remain for each."},
                 {.name = "normalize",
                  .fallback = false,
                  .help = "Scale the embeddings to length 1 first, as the paper does; those of a "
                          "project have it."},
                 max_iterations_param()},
      .select = select,
      .source = "Hacohen, Dekel and Weinshall 2022",
      .handles_no_model = true,
      .family = "coverage",
  };
}

}  // namespace querist::strategies
