// LCMD against its definition in double precision, and the nearest labelled rows it starts from.
#include "kernels/largest_cluster.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/rng.h"
#include "base/threads.h"
#include "kernels/nearest_rows.h"

namespace querist::kernels {

static double squared_of(const Matrix& x, int64_t a, int64_t b) {
  double sum = 0;
  for (size_t j = 0; j < x.cols; ++j) {
    sum += std::pow(
        double{x.at(static_cast<size_t>(a), j)} - double{x.at(static_cast<size_t>(b), j)}, 2);
  }
  return sum;
}

struct World {
  Matrix x;
  std::vector<int64_t> candidates, labeled;
  std::vector<float> costs;

  // Blobs, or small whole numbers whose distances are exact and often equal.
  World(size_t n, size_t cols, size_t labels, bool is_grid, bool has_costs, Rng& rng) : x(n, cols) {
    std::vector<float> offsets(4 * cols);
    for (float& v : offsets) v = 8 * static_cast<float>(rng.normal());
    for (size_t i = 0; i < n; ++i) {
      const size_t blob = rng.below(4);
      for (size_t j = 0; j < cols; ++j) {
        x.at(i, j) = is_grid ? static_cast<float>(rng.below(3))
                             : offsets[blob * cols + j] + static_cast<float>(rng.normal());
      }
      const auto row = static_cast<int64_t>(i);
      if (labeled.size() < labels && i % 2) {
        labeled.push_back(row);
      } else if (rng.below(8)) {
        candidates.push_back(row);
      }
    }
    for (size_t i = 0; has_costs && i < candidates.size(); ++i)
      costs.push_back(static_cast<float>(uint64_t{1} << rng.below(3)));
  }
};

static std::vector<size_t> plain_picks(const World& world, size_t count) {
  const size_t n = world.candidates.size();
  std::vector<int64_t> centers = world.labeled;
  std::vector<size_t> picks;
  const auto worth = [&](size_t i, double squared) {
    return world.costs.empty() ? squared : squared / std::pow(double{world.costs[i]}, 2);
  };
  while (picks.size() < std::min(count, n)) {
    std::vector<double> sums(centers.size() + 1), most(centers.size() + 1, -1);
    std::vector<size_t> farthest(centers.size() + 1);
    for (size_t i = 0; i < n; ++i) {
      if (std::ranges::count(picks, i)) continue;
      double nearest = std::numeric_limits<double>::infinity();
      size_t own = 0;
      for (size_t c = 0; c < centers.size(); ++c) {
        const double here = squared_of(world.x, world.candidates[i], centers[c]);
        if (here < nearest) nearest = here, own = c;
      }
      if (centers.empty()) {
        nearest = 0;
        for (const float v : world.x.row(static_cast<size_t>(world.candidates[i])))
          nearest += double{v} * double{v};
      }
      sums[own] += worth(i, nearest);
      if (worth(i, nearest) > most[own]) most[own] = worth(i, nearest), farthest[own] = i;
    }
    size_t largest = sums.size();
    for (size_t c = 0; c < sums.size(); ++c) {
      // Without a centre the longest row is wanted, which is the farthest of the one cluster.
      if (most[c] >= 0 && (largest == sums.size() || sums[c] > sums[largest])) largest = c;
    }
    picks.push_back(farthest[largest]);
    centers.push_back(world.candidates[picks.back()]);
  }
  return picks;
}

static std::vector<size_t> found_picks(const World& world, const Features& x, size_t count) {
  std::vector<size_t> picks;
  for (const auto& pick :
       largest_cluster_picks(x, world.candidates, world.labeled, count, world.costs))
    picks.push_back(pick.candidate);
  return picks;
}

TEST(LargestCluster, PicksWhatTheDefinitionPicks) {
  Rng rng(1);
  for (int trial = 0; trial < 300; ++trial) {
    const World world(5 + rng.below(120), 1 + rng.below(40), rng.below(12), false, trial % 3 == 0,
                      rng);
    EXPECT_EQ(found_picks(world, world.x, 25), plain_picks(world, 25)) << trial;
  }
}

TEST(LargestCluster, GivesTiesToTheEarlierCentreAndTheLowerRow) {
  Rng rng(2);
  for (int trial = 0; trial < 200; ++trial) {
    // One label at most: of several equally near only rounding could tell.
    const World world(5 + rng.below(60), 1 + rng.below(4), rng.below(2), true, trial % 3 == 0, rng);
    EXPECT_EQ(found_picks(world, world.x, 30), plain_picks(world, 30)) << trial;
  }
}

TEST(LargestCluster, IsTheSameOnOneThreadAndForHalves) {
  Rng rng(3);
  World world(6000, 17, 9, false, false, rng);
  std::vector<uint16_t> bits;
  for (float& v : world.x.values) {
    bits.push_back(float_to_half(v));
    v = half_to_float(bits.back());
  }
  const auto many = found_picks(world, world.x, 40);
  set_threads(1);
  EXPECT_EQ(found_picks(world, world.x, 40), many);
  set_threads(0);
  EXPECT_EQ(found_picks(world, Features::of_half(6000, 17, bits.data()), 40), many);
}

TEST(LargestCluster, SaysHowFarAPickIsFromItsCentre) {
  Matrix x(4, 1);
  x.values = {0, 1, 5, 6};
  const std::vector<int64_t> candidates = {1, 2, 3};
  const std::vector<int64_t> labeled = {0};
  const auto picks = largest_cluster_picks(x, candidates, labeled, 3);
  ASSERT_EQ(picks.size(), 3u);
  EXPECT_EQ(picks[0].candidate, 2u);
  EXPECT_EQ(picks[0].distance, 6);
  EXPECT_EQ(picks[1].candidate, 0u);  // Both clusters sum to 1; the earlier centre wins.
  EXPECT_EQ(picks[2].distance, 1);
}

TEST(NearestRows, AreThoseOfAllPairs) {
  Rng rng(4);
  for (int trial = 0; trial < 30; ++trial) {
    const size_t n = 30 + rng.below(200);
    const World world(n, 1 + rng.below(20), 0, false, false, rng);
    const auto others = rng.sample(n, trial ? 1 + rng.below(n) : 0);
    std::vector<int32_t> which(world.candidates.size());
    std::vector<float> squared(world.candidates.size());
    nearest_rows(world.x, world.candidates, others, which, squared);
    for (size_t i = 0; i < which.size(); ++i) {
      double nearest = std::numeric_limits<double>::infinity();
      for (const int64_t other : others)
        nearest = std::min(nearest, squared_of(world.x, world.candidates[i], other));
      if (others.empty()) {
        EXPECT_EQ(squared[i], std::numeric_limits<float>::infinity());
        continue;
      }
      // Float sums of squares of differences; the choice may fall on one nearer by rounding only.
      EXPECT_NEAR(squared[i], nearest, 1e-5 * nearest + 1e-4);
      EXPECT_NEAR(squared_of(world.x, world.candidates[i], others[static_cast<size_t>(which[i])]),
                  nearest, 1e-5 * nearest + 1e-4);
    }
  }
}

TEST(NearestRows, SeesMoreOthersThanOneBlockHolds) {
  Rng rng(5);
  const World world(2600, 3, 0, false, false, rng);
  const auto others = rng.sample(2600, 2500);
  std::vector<int32_t> which(2500);
  std::vector<float> squared(2500);
  nearest_rows(world.x, others, others, which, squared);
  for (size_t i = 0; i < 2500; ++i) EXPECT_EQ(which[i], static_cast<int32_t>(i));
}

}  // namespace querist::kernels
