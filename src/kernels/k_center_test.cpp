// Farthest-first against its definition in double precision.
#include "kernels/k_center.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/rng.h"

namespace querist::kernels {

TEST(FarthestFirst, PicksWhatTheDefinitionPicks) {
  Rng rng(4);
  Matrix x(150, 5);
  for (float& v : x.values) v = static_cast<float>(rng.normal());
  std::vector<int64_t> candidates(140), labeled = {140, 145};
  std::iota(candidates.begin(), candidates.end(), 0);
  const auto picks = farthest_first(x, candidates, labeled, 20, 0);

  std::vector<int64_t> centers = labeled;
  for (const CenterPick& pick : picks) {
    double best = -1;
    size_t expected = 0;
    for (size_t c = 0; c < candidates.size(); ++c) {
      double nearest = 1e300;
      for (const int64_t center : centers) {
        double sum = 0;
        for (size_t j = 0; j < x.cols; ++j) {
          sum += std::pow(double{x.at(static_cast<size_t>(candidates[c]), j)} -
                              x.at(static_cast<size_t>(center), j),
                          2);
        }
        nearest = std::min(nearest, std::sqrt(sum));
      }
      if (nearest > best) best = nearest, expected = c;
    }
    EXPECT_EQ(pick.candidate, expected);
    EXPECT_NEAR(pick.distance, best, 1e-3);
    centers.push_back(candidates[pick.candidate]);
  }
}

TEST(FarthestFirst, StartsWhereItIsToldAndTakesEveryDuplicateInTheEnd) {
  const Matrix x(4, 2);  // Four equal rows.
  const std::vector<int64_t> candidates = {0, 1, 2, 3};
  const auto picks = farthest_first(x, candidates, {}, 9, 2);
  ASSERT_EQ(picks.size(), 4u);
  EXPECT_EQ(picks[0].candidate, 2u);
  EXPECT_EQ(picks[1].candidate, 0u);
  EXPECT_EQ(picks[1].distance, 0);
}

// The plain greedy choice, every minimum exact, with the kernel's own distances.
static std::vector<CenterPick> plain(const Features& x, const std::vector<int64_t>& candidates,
                                     const std::vector<int64_t>& labeled, size_t count,
                                     std::span<const float> costs) {
  std::vector<float> nearest(candidates.size(), std::numeric_limits<float>::infinity());
  const auto meet = [&](int64_t row) {
    nearest_update(x, candidates, dense_rows(x, std::span(&row, 1)), nearest);
  };
  for (const int64_t row : labeled) meet(row);
  std::vector<CenterPick> picks;
  std::vector<char> picked(candidates.size(), 0);
  while (picks.size() < count) {
    size_t best = candidates.size();
    double most = -1;
    for (size_t i = 0; i < candidates.size() && !(picks.empty() && labeled.empty()); ++i) {
      const double cost = costs.empty() ? 1 : double{costs[i]};
      const double worth = double{nearest[i]} / (cost * cost);
      if (!picked[i] && worth > most) most = worth, best = i;
    }
    if (best == candidates.size()) best = 0;  // The first that the caller names.
    picked[best] = 1;
    picks.push_back({best, std::sqrt(nearest[best])});
    meet(candidates[best]);
  }
  return picks;
}

TEST(FarthestFirst, LazyMinimaPickWhatThePlainChoicePicks) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Rng rng(seed);
    const size_t n = 2 + rng.below(200), cols = 1 + rng.below(40), clusters = 1 + rng.below(6);
    Matrix x(n, cols);
    for (size_t i = 0; i < n; ++i) {
      const auto center = static_cast<float>(rng.below(clusters)) * 5;
      for (float& v : x.row(i)) v = center + static_cast<float>(rng.normal());
      if (i > 0 && rng.below(5) == 0) {  // Duplicates, so that there are ties.
        const auto other = x.row(rng.below(i));
        std::copy(other.begin(), other.end(), x.row(i).begin());
      }
    }
    std::vector<uint16_t> half;
    for (const float v : x.values) half.push_back(float_to_half(v));
    const Features features = seed % 2 ? Features(x) : Features::of_half(n, cols, half.data());
    std::vector<int64_t> candidates, labeled;
    std::vector<float> costs;
    for (size_t i = 0; i < n; ++i) {
      const bool known = seed % 3 != 0 && i > 0 && rng.below(4) == 0;
      (known ? labeled : candidates).push_back(static_cast<int64_t>(i));
      if (!known && seed % 5 == 0) costs.push_back(static_cast<float>(1 + rng.below(3)));
    }
    const size_t count = std::min<size_t>(candidates.size(), 1 + rng.below(60));
    const auto expected = plain(features, candidates, labeled, count, costs);
    for (const size_t shortlist : {1u, 7u, 1024u}) {
      const auto found = farthest_first(features, candidates, labeled, count, 0, costs, shortlist);
      ASSERT_EQ(found.size(), expected.size());
      for (size_t i = 0; i < count; ++i) {
        ASSERT_EQ(found[i].candidate, expected[i].candidate) << seed << " " << i;
        ASSERT_EQ(found[i].distance, expected[i].distance) << seed << " " << i;
      }
    }
  }
}

TEST(FarthestFirst, ReadsFarFewerRowsThanOnePassAPick) {
  Rng rng(9);
  Matrix x(20'000, 16);
  for (float& v : x.values) v = static_cast<float>(rng.normal());
  std::vector<int64_t> candidates(x.rows);
  std::iota(candidates.begin(), candidates.end(), 0);
  DistanceCounts counts;
  farthest_first(x, candidates, {}, 100, 0, {}, 256, &counts);
  EXPECT_LT(counts.rows_read, 50 * x.rows);
}

// Labels come and go, candidates come back, other features lie at another address: at every call
// the memory gives what no memory gives. Rows on a coarse grid, so that distances tie.
TEST(FarthestFirst, GivesTheSamePicksWithWhatItRemembers) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    Rng rng(seed);
    const size_t n = 20 + rng.below(150);
    Matrix x(n, 1 + rng.below(4));
    for (float& v : x.values) v = static_cast<float>(rng.below(4));
    std::vector<char> is_labeled(n, 0), is_gone(n, 0);
    if (seed % 3) is_labeled[rng.below(n)] = 1;
    CenterMemory memory;
    for (int call = 0; call < 25; ++call) {
      std::vector<int64_t> candidates, labeled;
      for (size_t i = 0; i < n; ++i) {
        if (is_labeled[i])
          labeled.push_back(static_cast<int64_t>(i));
        else if (!is_gone[i])
          candidates.push_back(static_cast<int64_t>(i));
      }
      if (candidates.empty()) break;
      const size_t count = 1 + rng.below(3), first = rng.below(candidates.size());
      const auto expected = farthest_first(x, candidates, labeled, count, first);
      const auto got = farthest_first(x, candidates, labeled, count, first, memory);
      ASSERT_EQ(got.size(), expected.size());
      for (size_t i = 0; i < got.size(); ++i) {
        ASSERT_EQ(got[i].candidate, expected[i].candidate) << seed << " " << call << " " << i;
        ASSERT_EQ(got[i].distance, expected[i].distance);
      }
      for (const CenterPick& pick : got) {
        if (rng.below(10)) is_labeled[static_cast<size_t>(candidates[pick.candidate])] = 1;
      }
      if (rng.below(6) == 0) is_gone[rng.below(n)] ^= 1;
      if (rng.below(8) == 0) is_labeled[rng.below(n)] ^= 1;
    }
  }
}

}  // namespace querist::kernels
