// What k_means, clue, cluster_margin, lcmd and k_center_robust pick, against plain loops over the
// same clusterings and numbers of scikit-activeml.
#include "strategies/clustering/clustering.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "strategies/strategy.h"

namespace querist::strategies {

struct ClusterWorld {
  Matrix x, probabilities;
  std::vector<int64_t> candidates, labeled;
  std::vector<int32_t> labels;
  std::vector<float> costs;

  ClusterWorld(size_t n, size_t cols, size_t label_count, Rng& rng)
      : x(n, cols), probabilities(n, 3) {
    Matrix means(6, cols);
    for (float& v : means.values) v = 4 * static_cast<float>(rng.normal());
    for (size_t i = 0; i < n; ++i) {
      const auto mean = means.row(rng.below(6));
      for (size_t j = 0; j < cols; ++j) x.at(i, j) = mean[j] + static_cast<float>(rng.normal());
      double sum = 0;
      for (float& p : probabilities.row(i)) sum += p = static_cast<float>(rng.uniform());
      for (float& p : probabilities.row(i)) p = static_cast<float>(p / sum);
      const bool is_labeled = i % 3 == 1 && labeled.size() < label_count;
      (is_labeled ? labeled : candidates).push_back(static_cast<int64_t>(i));
      if (is_labeled) labels.push_back(0);
    }
  }
  Pool pool() const {
    Pool pool{x.rows, 3, candidates, labeled, labels, probabilities, x};
    pool.costs = costs;
    return pool;
  }
};

static Selection choose(const QueryStrategy& strategy, const Pool& pool, size_t batch,
                        uint64_t seed, const std::map<std::string, ParamValue>& given = {}) {
  Params params(strategy.params);
  for (const auto& [name, value] : given) params.set(name, value);
  return select_batch(strategy, pool, batch, params, seed);
}

// The nearest row of each cluster, the heaviest cluster first.
static std::vector<int64_t> plain_nearest(const ClusterWorld& world,
                                          const kernels::Clustering& clustering,
                                          std::span<const float> weights) {
  std::map<int32_t, std::pair<double, int64_t>> best;  // Distance and row, by cluster.
  std::map<int32_t, double> mass;
  for (size_t i = 0; i < world.candidates.size(); ++i) {
    double sum = 0;
    for (size_t j = 0; j < world.x.cols; ++j) {
      sum +=
          std::pow(double{world.x.at(static_cast<size_t>(world.candidates[i]), j)} -
                       double{clustering.centers.at(static_cast<size_t>(clustering.cluster[i]), j)},
                   2);
    }
    const std::pair<double, int64_t> here = {sum, world.candidates[i]};
    const auto [at, is_new] = best.emplace(clustering.cluster[i], here);
    if (!is_new) at->second = std::min(at->second, here);
    mass[clustering.cluster[i]] += weights.empty() ? 1 : double{weights[i]};
  }
  std::vector<std::pair<double, int64_t>> order;
  for (const auto& [cluster, pick] : best) order.emplace_back(-mass[cluster], pick.second);
  std::ranges::sort(order);
  std::vector<int64_t> rows;
  for (const auto& [weight, row] : order) rows.push_back(row);
  return rows;
}

// Two rows of a cluster lie equally far from its centre but for rounding.
static bool has_a_pair(const kernels::Clustering& clustering) {
  std::vector<size_t> sizes(clustering.centers.rows);
  for (const int32_t cluster : clustering.cluster) ++sizes[static_cast<size_t>(cluster)];
  return std::ranges::count(sizes, 2u) > 0;
}

TEST(KMeansStrategy, PicksTheNearestRowOfEachCluster) {
  Rng rng(1);
  int compared = 0;
  for (uint64_t trial = 0; trial < 120; ++trial) {
    const ClusterWorld world(60 + rng.below(200), 1 + rng.below(12), rng.below(20), rng);
    const size_t batch = 1 + rng.below(20);
    Rng same(trial);
    const auto clustering = cluster_rows(world.x, world.candidates, {}, batch, 100, same);
    if (has_a_pair(clustering)) continue;
    EXPECT_EQ(choose(k_means(), world.pool(), batch, trial).rows,
              plain_nearest(world, clustering, {}));
    ++compared;
  }
  EXPECT_GT(compared, 60);
}

TEST(Clue, PicksTheNearestRowOfEachClusterWeightedByEntropy) {
  Rng rng(2);
  for (uint64_t trial = 0; trial < 60; ++trial) {
    const ClusterWorld world(60 + rng.below(200), 1 + rng.below(12), rng.below(20), rng);
    const size_t batch = 1 + rng.below(20);
    const double temperature = trial % 2 ? 1 : 0.3;
    std::vector<float> weights;
    for (const int64_t row : world.candidates) {
      double total = 0;
      double entropy = 0;
      for (const float p : world.probabilities.row(static_cast<size_t>(row)))
        total += std::pow(double{p}, 1 / temperature);
      for (const float p : world.probabilities.row(static_cast<size_t>(row))) {
        const double q = std::pow(double{p}, 1 / temperature) / total;
        if (q > 0) entropy -= q * std::log(q);
      }
      weights.push_back(static_cast<float>(entropy));
    }
    Rng same(trial);
    const auto clustering = cluster_rows(world.x, world.candidates, weights, batch, 100, same);
    const auto found = choose(clue(), world.pool(), batch, trial, {{"temperature", temperature}});
    EXPECT_EQ(found.rows, plain_nearest(world, clustering, weights)) << trial;
  }
}

// Five blobs, 10 along an axis each, of 14, 22, 18, 12 and 40 rows.
static ClusterWorld five_blobs() {
  Rng rng(0);
  ClusterWorld world(106, 5, 0, rng);
  world.probabilities = Matrix(106, 2);
  size_t i = 0;
  const size_t sizes[] = {14, 22, 18, 12, 40};
  for (size_t blob = 0; blob < 5; ++blob) {
    for (size_t row = 0; row < sizes[blob]; ++row, ++i) {
      for (size_t j = 0; j < 5; ++j) {
        world.x.at(i, j) = static_cast<float>(blob == j ? 10 : 0) +
                           static_cast<float>(std::sin(static_cast<double>(7 * i + 13 * j)));
      }
      const double p = 0.5 + 0.49 * std::cos(static_cast<double>(i) * 1.7);
      world.probabilities.at(i, 0) = static_cast<float>(p);
      world.probabilities.at(i, 1) = static_cast<float>(1 - p);
    }
  }
  return world;
}

static std::vector<int64_t> sorted(std::vector<int64_t> rows) {
  std::ranges::sort(rows);
  return rows;
}

// scikit-learn 1.x KMeans (best of ten) with pairwise_distances_argmin, and Clue of scikit-activeml
// 1.0.1, both give these rows.
TEST(KMeansStrategy, AgreesWithScikitLearnOnSeparateBlobs) {
  const ClusterWorld world = five_blobs();
  Pool pool = world.pool();
  pool.classes = 2;
  EXPECT_EQ(sorted(choose(k_means(), pool, 5, 0).rows), (std::vector<int64_t>{3, 25, 47, 64, 95}));
  EXPECT_EQ(sorted(choose(clue(), pool, 5, 0).rows), (std::vector<int64_t>{3, 25, 43, 64, 95}));
}

// TypiClust of scikit-activeml 1.0.1 with rows 3 and 40 labelled and five neighbours.
TEST(TypiClust, AgreesWithScikitActivemlOnSeparateBlobs) {
  ClusterWorld world = five_blobs();
  world.labeled = {3, 40};
  world.labels = {0, 1};
  std::erase(world.candidates, 3);
  std::erase(world.candidates, 40);
  Pool pool = world.pool();
  pool.classes = 2;
  EXPECT_EQ(choose(typiclust(), pool, 3, 0, {{"neighbors", 5}}).rows,
            (std::vector<int64_t>{67, 23, 63}));
}

TEST(ClusterMargin, VisitsTheSmallestClustersOfTheSmallestMarginsInTurn) {
  Rng rng(3);
  for (uint64_t trial = 0; trial < 80; ++trial) {
    const ClusterWorld world(80 + rng.below(300), 1 + rng.below(10), rng.below(20), rng);
    const size_t batch = 1 + rng.below(25);
    const size_t clusters = trial % 2 ? 0 : 1 + rng.below(12);
    const size_t oversample = 1 + rng.below(10);
    std::vector<std::pair<float, int64_t>> order;  // Utility below 0, row.
    for (const int64_t row : world.candidates) {
      const auto values = world.probabilities.row(static_cast<size_t>(row));
      std::vector<float> p(values.begin(), values.end());
      std::ranges::sort(p, std::greater());
      order.emplace_back(-(1 - (p[0] - p[1])), row);
    }
    std::ranges::sort(order);
    order.resize(std::min(order.size(), oversample * batch));

    std::vector<int64_t> all(world.x.rows);
    std::iota(all.begin(), all.end(), 0);
    Rng same(trial);
    const auto clustering = kernels::k_means(
        world.x, all, {}, {.clusters = clusters ? clusters : batch, .batch = 5000}, same);
    std::map<int32_t, std::vector<size_t>> groups;
    for (size_t i = 0; i < order.size(); ++i)
      groups[clustering.cluster[static_cast<size_t>(order[i].second)]].push_back(i);
    std::vector<std::vector<size_t>> by_size;
    for (const auto& [cluster, group] : groups) by_size.push_back(group);
    std::ranges::sort(by_size, {}, [](const auto& g) { return std::pair(g.size(), g[0]); });
    std::vector<int64_t> expected;
    for (size_t round = 0; round < order.size(); ++round) {
      for (const auto& group : by_size) {
        if (round < group.size() && expected.size() < batch)
          expected.push_back(order[group[round]].second);
      }
    }
    const auto found = choose(cluster_margin(), world.pool(), batch, trial,
                              {{"clusters", static_cast<int64_t>(clusters)},
                               {"oversample", static_cast<int64_t>(oversample)}});
    EXPECT_EQ(found.rows, expected) << trial;
  }
}

TEST(ClusterMargin, ClustersASampleOfALargePool) {
  Rng rng(4);
  const ClusterWorld world(3000, 4, 10, rng);
  const auto found = choose(cluster_margin(), world.pool(), 20, 1, {{"max_sample", 500}});
  EXPECT_EQ(std::set<int64_t>(found.rows.begin(), found.rows.end()).size(), 20u);
  // Whatever the clusters, only the 200 smallest margins are ever picked.
  const auto shortlist = choose(margin(), world.pool(), 200, 1).rows;
  for (const int64_t row : found.rows) EXPECT_TRUE(std::ranges::count(shortlist, row)) << row;
}

TEST(ClusterStrategies, LeaveDearRowsOutAndIgnorePricesThatAllShare) {
  Rng rng(5);
  for (uint64_t trial = 0; trial < 25; ++trial) {
    ClusterWorld world(60 + rng.below(100), 2 + rng.below(6), rng.below(12), rng);
    for (const QueryStrategy& strategy :
         {k_means(), clue(), typiclust(), cluster_margin(), lcmd(), k_center_robust()}) {
      world.costs.clear();
      const auto free = choose(strategy, world.pool(), 6, trial).rows;
      world.costs.assign(world.x.rows, 0.7f);
      EXPECT_EQ(choose(strategy, world.pool(), 6, trial).rows, free) << strategy.name;
      for (size_t i = 0; i < world.costs.size(); ++i) world.costs[i] = i % 2 ? 1e6f : 1.0f;
      for (const int64_t row : choose(strategy, world.pool(), 6, trial).rows)
        EXPECT_EQ(row % 2, 0) << strategy.name << " " << trial;
    }
  }
}

TEST(KCenterRobust, TopsUpABatchLargerThanItsSample) {
  Rng rng(6);
  const ClusterWorld world(200, 3, 10, rng);
  const auto found = choose(k_center_robust(), world.pool(), 100, 1, {{"max_sample", 30}});
  EXPECT_EQ(std::set<int64_t>(found.rows.begin(), found.rows.end()).size(), 100u);
}

}  // namespace querist::strategies
