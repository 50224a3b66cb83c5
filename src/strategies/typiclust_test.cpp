// TypiClust against a plain loop over the same clustering.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "strategies/clustering/clustering.h"
#include "strategies/strategy.h"

namespace querist::strategies {

struct TypicalWorld {
  Matrix x;
  std::vector<int64_t> candidates, labeled;
  std::vector<int32_t> labels;

  TypicalWorld(size_t n, size_t cols, size_t blobs, size_t label_count, Rng& rng) : x(n, cols) {
    Matrix means(blobs, cols);
    for (float& v : means.values) v = 3 * static_cast<float>(rng.normal());
    for (size_t i = 0; i < n; ++i) {
      const auto mean = means.row(rng.below(blobs));
      for (size_t j = 0; j < cols; ++j) x.at(i, j) = mean[j] + static_cast<float>(rng.normal());
      const bool is_labeled = i % 3 == 0 && labeled.size() < label_count;
      (is_labeled ? labeled : candidates).push_back(static_cast<int64_t>(i));
    }
    labels.assign(labeled.size(), 0);
  }
  Pool pool() const { return {x.rows, 2, candidates, labeled, labels, {}, x}; }
  bool is_labeled(int64_t row) const { return std::ranges::binary_search(labeled, row); }
  double distance(int64_t a, int64_t b) const {
    double sum = 0;
    for (size_t j = 0; j < x.cols; ++j) {
      sum += std::pow(
          double{x.at(static_cast<size_t>(a), j)} - double{x.at(static_cast<size_t>(b), j)}, 2);
    }
    return std::sqrt(sum);
  }
};

struct PlainCluster {
  std::vector<int64_t> members;  // Candidates not picked.
  size_t size = 0, labels = 0;
};

static int64_t plain_typical(const TypicalWorld& world, const PlainCluster& cluster,
                             size_t neighbors) {
  const size_t k = std::min(neighbors, cluster.members.size() / 2);
  double most = -1;
  int64_t best = 0;
  for (const int64_t row : cluster.members) {
    std::vector<double> distances;
    for (const int64_t other : cluster.members) {
      if (other != row) distances.push_back(world.distance(row, other));
    }
    std::ranges::sort(distances);
    distances.resize(k);
    double sum = 0;
    for (const double d : distances) sum += d;
    const double typicality = 1 / (sum / static_cast<double>(std::max<size_t>(k, 1)) + 1e-5);
    if (typicality > most) most = typicality, best = row;
  }
  return best;
}

static std::vector<int64_t> plain_picks(const TypicalWorld& world, size_t batch, uint64_t seed,
                                        size_t neighbors, size_t min_size, size_t max_clusters) {
  const size_t n = world.x.rows;
  size_t count = std::min(world.labeled.size() + batch, max_clusters);
  count = std::min(count, std::max(n / 20, batch));
  std::vector<int64_t> all;
  for (size_t i = 0; i < n; ++i) all.push_back(static_cast<int64_t>(i));
  Rng rng(seed);
  const auto clustering = cluster_rows(world.x, all, {}, count, 100, rng);
  std::vector<PlainCluster> clusters(count);
  for (const int64_t row : all) {
    auto& own = clusters[static_cast<size_t>(clustering.cluster[static_cast<size_t>(row)])];
    ++own.size;
    if (world.is_labeled(row)) {
      ++own.labels;
    } else {
      own.members.push_back(row);
    }
  }
  std::erase_if(clusters, [](const PlainCluster& c) { return c.members.empty(); });
  std::ranges::sort(clusters, [](const PlainCluster& a, const PlainCluster& b) {
    if (a.labels != b.labels) return a.labels < b.labels;
    return a.size != b.size ? a.size > b.size : a.members[0] < b.members[0];
  });
  std::vector<int64_t> picks;
  for (const bool is_small : {false, true}) {
    for (size_t turn = 0; picks.size() < batch && turn < batch; ++turn) {
      for (PlainCluster& cluster : clusters) {
        if ((cluster.size <= min_size) != is_small || cluster.members.empty()) continue;
        if (picks.size() == batch) break;
        picks.push_back(plain_typical(world, cluster, neighbors));
        std::erase(cluster.members, picks.back());
      }
    }
  }
  return picks;
}

TEST(TypiClust, PicksWhatTheDefinitionPicks) {
  Rng rng(1);
  for (uint64_t trial = 0; trial < 80; ++trial) {
    const TypicalWorld world(60 + rng.below(300), 2 + rng.below(10), 1 + rng.below(12),
                             rng.below(15), rng);
    const size_t batch = 1 + rng.below(40);
    Params params(typiclust().params);
    const size_t neighbors = 1 + rng.below(25);
    const size_t max_clusters = trial % 3 ? 500 : 1 + rng.below(10);
    params.set("neighbors", static_cast<int64_t>(neighbors));
    params.set("max_clusters", static_cast<int64_t>(max_clusters));
    const auto found = select_batch(typiclust(), world.pool(), batch, params, trial);
    const auto expected = plain_picks(world, batch, trial, neighbors, 5, max_clusters);
    ASSERT_EQ(found.rows.size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      // In a pair each is the other's neighbour, and two rows of three may share the mean too:
      // there the lower row is picked, unless float32 rounding of the distances tells them apart.
      EXPECT_EQ(found.rows[i], expected[i]) << trial << " " << i;
    }
  }
}

// As many clusters as the rows of the Vehicle set cannot fill, where the reference never ends.
TEST(TypiClust, EndsWhereMostClustersAreSmall) {
  Rng rng(2);
  const TypicalWorld world(507, 18, 4, 100, rng);
  for (const size_t batch : {40, 140, 407}) {
    const auto found =
        select_batch(typiclust(), world.pool(), batch, Params(typiclust().params), 1);
    EXPECT_EQ(std::set<int64_t>(found.rows.begin(), found.rows.end()).size(), batch);
  }
}

TEST(TypiClust, SeesOnlyDirectionsWhereRowsAreNormalized) {
  Rng rng(3);
  TypicalWorld world(200, 5, 4, 10, rng);
  world.x.row(7)[0] = 0;
  std::ranges::fill(world.x.row(8), 0.0f);  // A row without a direction.
  Params params(typiclust().params);
  params.set("normalize", true);
  const auto found = select_batch(typiclust(), world.pool(), 15, params, 1);
  TypicalWorld longer = world;
  for (size_t i = 0; i < 200; ++i) {
    const float length = i % 2 ? 4.0f : 0.5f;  // Powers of two: the unit rows are the same bits.
    for (float& v : longer.x.row(i)) v *= length;
  }
  EXPECT_EQ(select_batch(typiclust(), longer.pool(), 15, params, 1).rows, found.rows);
  params.set("normalize", false);
  EXPECT_NE(select_batch(typiclust(), longer.pool(), 15, params, 1).rows, found.rows);
}

}  // namespace querist::strategies
