// The robust cover against a plain greedy one at its radius, and against the best centres there
// are.
#include "kernels/robust_k_center.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "base/rng.h"
#include "base/threads.h"

namespace querist::kernels {

static double distance_of(const Matrix& x, int64_t a, int64_t b) {
  double sum = 0;
  for (size_t j = 0; j < x.cols; ++j) {
    sum += std::pow(
        double{x.at(static_cast<size_t>(a), j)} - double{x.at(static_cast<size_t>(b), j)}, 2);
  }
  return std::sqrt(sum);
}

struct RobustWorld {
  Matrix x;
  std::vector<int64_t> candidates, labeled;

  RobustWorld(size_t n, size_t cols, size_t labels, Rng& rng) : x(n, cols) {
    for (float& v : x.values) v = static_cast<float>(rng.normal());
    for (size_t i = 0; i < n; ++i)
      (i < labels ? labeled : candidates).push_back(static_cast<int64_t>(i));
    for (float& v : x.row(n - 1)) v *= 20;  // An outlier.
  }
  double nearest(int64_t row, std::span<const int64_t> centers) const {
    double least = std::numeric_limits<double>::infinity();
    for (const int64_t center : centers) least = std::min(least, distance_of(x, row, center));
    return least;
  }
};

// The least radius at which all candidates but `outliers` lie near a label or one of `count` best
// candidates, by enumeration.
static double best_radius(const RobustWorld& world, size_t count, size_t outliers) {
  const size_t n = world.candidates.size();
  double best = std::numeric_limits<double>::infinity();
  for (uint32_t set = 0; set < (1u << n); ++set) {
    if (static_cast<size_t>(std::popcount(set)) != std::min(count, n)) continue;
    std::vector<int64_t> centers = world.labeled;
    for (size_t i = 0; i < n; ++i) {
      if (set >> i & 1) centers.push_back(world.candidates[i]);
    }
    std::vector<double> distances;
    for (const int64_t row : world.candidates) distances.push_back(world.nearest(row, centers));
    std::ranges::sort(distances);
    best = std::min(best, distances[n - 1 - outliers]);
  }
  return best;
}

TEST(RobustKCenter, IsNoWorseThanThreeTimesTheBest) {
  Rng rng(1);
  for (int trial = 0; trial < 200; ++trial) {
    const RobustWorld world(5 + rng.below(8), 1 + rng.below(3), rng.below(3), rng);
    const size_t count = 1 + rng.below(3);
    const size_t outliers = rng.below(3);
    const auto found = robust_k_center(world.x, world.candidates, world.labeled, count, outliers);
    ASSERT_EQ(found.candidates.size(), count);
    const double best = best_radius(world, count, outliers);
    // Squared distances come from products of float32: errors near 1e-6 of the largest squared.
    EXPECT_LE(found.radius, best * 1.001 + 1e-2) << trial;
    std::vector<int64_t> centers = world.labeled;
    for (const size_t pick : found.candidates) centers.push_back(world.candidates[pick]);
    size_t uncovered = 0;
    for (const int64_t row : world.candidates)
      uncovered += world.nearest(row, centers) > 3 * double{found.radius} * 1.001 + 1e-2;
    EXPECT_LE(uncovered, outliers) << trial;
  }
}

// Charikar's cover at a squared radius, with a whisker for the rounding of float32.
static std::vector<size_t> plain_cover(const RobustWorld& world, double radius, size_t count,
                                       size_t outliers) {
  const size_t n = world.candidates.size();
  radius = radius * (1 + 1e-5);
  std::set<size_t> open;
  for (size_t i = 0; i < n; ++i) {
    if (world.nearest(world.candidates[i], world.labeled) > 3 * radius) open.insert(i);
  }
  std::vector<size_t> picks;
  while (picks.size() < count && open.size() > outliers) {
    size_t best = 0;
    int64_t most = -1;
    for (size_t c = 0; c < n; ++c) {
      const auto gain = std::ranges::count_if(open, [&](size_t i) {
        return distance_of(world.x, world.candidates[c], world.candidates[i]) <= radius;
      });
      if (gain > most) most = gain, best = c;
    }
    if (most == 0) break;
    picks.push_back(best);
    std::erase_if(open, [&](size_t i) {
      return distance_of(world.x, world.candidates[best], world.candidates[i]) <= 3 * radius;
    });
  }
  return picks;
}

TEST(RobustKCenter, CoversAsThePlainGreedyDoesAtItsRadius) {
  Rng rng(2);
  for (int trial = 0; trial < 200; ++trial) {
    const RobustWorld world(10 + rng.below(80), 1 + rng.below(6), rng.below(5), rng);
    const size_t count = 1 + rng.below(9);
    const size_t outliers = rng.below(4);
    const auto found = robust_k_center(world.x, world.candidates, world.labeled, count, outliers);
    const auto expected = plain_cover(world, double{found.radius}, count, outliers);
    ASSERT_LE(expected.size(), found.candidates.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(found.candidates[i], expected[i]) << trial;
      EXPECT_GT(found.covered[i], 0u);
    }
    for (size_t i = expected.size(); i < found.covered.size(); ++i) EXPECT_EQ(found.covered[i], 0u);
    EXPECT_EQ(std::set<size_t>(found.candidates.begin(), found.candidates.end()).size(), count);
  }
}

TEST(RobustKCenter, LeavesTheOutlierOut) {
  Matrix x(7, 1);
  x.values = {0, 0.1f, 0.2f, 5, 5.1f, 5.2f, 1000};
  std::vector<int64_t> candidates(7);
  std::iota(candidates.begin(), candidates.end(), 0);
  const auto found = robust_k_center(x, candidates, {}, 3, 1);
  // Balls of radius 0.1 about 0.1 and 5.1, of which those a third as wide reach as far; the spare
  // pick is no outlier.
  for (const size_t pick : found.candidates) EXPECT_NE(pick, 6u);
  EXPECT_LE(found.radius, 0.11f);
  const auto greedy = robust_k_center(x, candidates, {}, 3, 0);
  EXPECT_TRUE(std::ranges::count(greedy.candidates, 6u));
}

TEST(RobustKCenter, IgnoresCostsThatAreEqualAndIsTheSameOnOneThread) {
  Rng rng(3);
  const RobustWorld world(400, 4, 3, rng);
  const std::vector<float> costs(world.candidates.size(), 3);
  const auto run = [&](std::span<const float> prices) {
    return robust_k_center(world.x, world.candidates, world.labeled, 20, 2, prices).candidates;
  };
  const auto plain = run({});
  EXPECT_EQ(run(costs), plain);
  set_threads(1);
  EXPECT_EQ(run({}), plain);
  set_threads(0);
}

TEST(RobustKCenter, PicksEveryDuplicateInTheEnd) {
  const Matrix x(5, 2);
  const std::vector<int64_t> candidates = {0, 1, 2, 3, 4};
  const auto found = robust_k_center(x, candidates, {}, 9, 1);
  EXPECT_EQ(found.candidates, (std::vector<size_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(found.radius, 0);
}

}  // namespace querist::kernels
