// The lazy greedy against plain greedy over double-precision kernels, with a memory and without.
#include "kernels/coverage.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/rng.h"
#include "kernels/every_target_fixture.h"

namespace querist::kernels {

static Matrix random_rows(size_t rows, size_t cols, uint64_t seed) {
  Rng rng(seed);
  Matrix m(rows, cols);
  for (float& v : m.values) v = static_cast<float>(rng.normal());
  return m;
}

static double distance2(const Matrix& x, size_t a, size_t b) {
  double sum = 0;
  for (size_t j = 0; j < x.cols; ++j) sum += std::pow(double{x.at(a, j)} - x.at(b, j), 2);
  return sum;
}

TEST(NeighborDistances, FindTheKthOtherRow) {
  const Matrix x = random_rows(280, 3, 2);
  on_every_target([&] {
    const auto found = neighbor_distances(x, 5);
    for (size_t i = 0; i < x.rows; i += 13) {
      std::vector<double> all;
      for (size_t j = 0; j < x.rows; ++j) {
        if (j != i) all.push_back(std::sqrt(distance2(x, i, j)));
      }
      std::sort(all.begin(), all.end());
      EXPECT_NEAR(found[i], all[4], 2e-3);
    }
  });
}

// Greedy by definition: every gain anew for every pick.
static std::vector<size_t> plain_greedy(const CoverageTask& task, const Matrix& x, size_t count) {
  std::vector<double> best(task.targets.size(), 0);
  const auto k = [&](int64_t a, int64_t b) {
    return std::exp(-double{task.kernel.value} *
                    distance2(x, static_cast<size_t>(a), static_cast<size_t>(b)));
  };
  for (size_t t = 0; t < best.size(); ++t) {
    for (const int64_t l : task.labeled) best[t] = std::max(best[t], k(task.targets[t], l));
  }
  std::vector<size_t> picks;
  while (picks.size() < count) {
    double top_gain = -1;
    size_t top = 0;
    for (size_t c = 0; c < task.candidates.size(); ++c) {
      if (std::find(picks.begin(), picks.end(), c) != picks.end()) continue;
      double gain = 0;
      for (size_t t = 0; t < best.size(); ++t) {
        gain += task.weights[t] * std::max(0.0, k(task.targets[t], task.candidates[c]) - best[t]);
      }
      if (gain > top_gain) top_gain = gain, top = c;
    }
    picks.push_back(top);
    for (size_t t = 0; t < best.size(); ++t) {
      best[t] = std::max(best[t], k(task.targets[t], task.candidates[top]));
    }
  }
  return picks;
}

TEST(NeighborDistances, OfTheFirstRowsAreTheFirstOfAll) {
  const Matrix x = random_rows(700, 5, 4);
  const auto all = neighbor_distances(x, 3);
  const auto first = neighbor_distances(x, 3, 300);
  ASSERT_EQ(first.size(), 300u);
  // Products of blocks of other heights may round the last bits otherwise.
  for (size_t i = 0; i < first.size(); ++i) EXPECT_NEAR(first[i], all[i], 1e-4) << i;
}

TEST(GreedyCoverage, PicksTheSameSequenceAsPlainGreedy) {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    const Matrix x = random_rows(120, 4, 10 + seed);
    Rng rng(seed);
    std::vector<int64_t> targets(120), candidates, labeled = {0, 50};
    std::iota(targets.begin(), targets.end(), 0);
    for (int64_t i = 0; i < 120; ++i) {
      if (i != 0 && i != 50) candidates.push_back(i);
    }
    std::vector<float> weights(120);
    for (float& w : weights) w = static_cast<float>(rng.uniform());
    const CoverageTask task = {x, targets, weights, candidates, labeled, {.value = 0.5f}};
    const auto expected = plain_greedy(task, x, 25);
    on_every_target([&] {
      std::vector<size_t> found;
      CoverageMemory memory;
      for (const CoveragePick& pick : greedy_coverage(task, 25, memory))
        found.push_back(pick.candidate);
      EXPECT_EQ(found, expected);
    });
  }
}

TEST(GreedyCoverage, SurvivesMorePicksThanCandidatesAndZeroWeights) {
  const Matrix x = random_rows(6, 2, 3);
  const std::vector<int64_t> rows = {0, 1, 2, 3, 4, 5};
  const std::vector<float> weights(6, 0);
  CoverageMemory memory;
  const auto picks = greedy_coverage({x, rows, weights, rows, {}, {}}, 10, memory);
  ASSERT_EQ(picks.size(), 6u);
  EXPECT_EQ(picks[0].candidate, 0u);  // Ties go to the lower row.
}

static std::vector<int64_t> some_rows(size_t n, size_t count, Rng& rng) {
  auto rows = rng.sample(n, count);
  std::sort(rows.begin(), rows.end());
  return rows;
}

// Labels come, one is taken back, the candidates change, the targets change, the features move.
TEST(CoverageMemory, NeverChangesAPickOrAGainByABit) {
  const Matrix x = random_rows(700, 33, 5);
  const Matrix moved = random_rows(700, 33, 6);
  CoverageMemory memory;
  Rng rng(7);
  std::vector<int64_t> order = rng.sample(700, 700), targets = some_rows(700, 300, rng);
  size_t labels = 0;
  for (int round = 0; round < 30; ++round) {
    labels = round % 7 == 6 ? labels - 3 : labels + 1 + rng.below(300 / 30);
    if (round % 11 == 10) targets = some_rows(700, 200 + rng.below(100), rng);
    std::vector<int64_t> labeled(order.begin(), order.begin() + static_cast<long>(labels));
    std::sort(labeled.begin(), labeled.end());
    const auto candidates = some_rows(700, 40 + rng.below(300), rng);
    std::vector<float> weights(targets.size());
    for (float& w : weights) w = static_cast<float>(rng.uniform());
    const CoverageTask task = {round < 20 ? x : moved,
                               targets,
                               weights,
                               candidates,
                               labeled,
                               {.value = 0.01f + static_cast<float>(rng.uniform()) / 20}};
    CoverageMemory empty;
    const auto kept = greedy_coverage(task, 15, memory);
    const auto anew = greedy_coverage(task, 15, empty);
    ASSERT_EQ(kept.size(), anew.size());
    for (size_t i = 0; i < kept.size(); ++i) {
      EXPECT_EQ(kept[i].candidate, anew[i].candidate) << round;
      EXPECT_EQ(kept[i].gain, anew[i].gain) << round;
    }
    auto gaps = memory.labeled_gaps(labeled);
    std::vector<float> sorted(gaps.begin(), gaps.end()), wanted;
    const auto fresh = empty.labeled_gaps(labeled);
    wanted.assign(fresh.begin(), fresh.end());
    std::sort(sorted.begin(), sorted.end());
    std::sort(wanted.begin(), wanted.end());
    EXPECT_EQ(sorted, wanted) << round;
  }
}

TEST(CoverageMemory, GapsAreTheDistancesToTheNearestOtherRow) {
  const Matrix x = random_rows(400, 9, 8);
  std::vector<int64_t> labeled;
  for (int64_t row = 0; row < 400; row += 1 + row % 3) labeled.push_back(row);
  CoverageMemory memory;
  memory.look_at(x, std::vector<int64_t>{0, 1});
  const auto gaps = memory.labeled_gaps(labeled);
  ASSERT_EQ(gaps.size(), labeled.size());
  for (size_t i = 0; i < labeled.size(); ++i) {
    double nearest = 1e9;
    for (size_t j = 0; j < labeled.size(); ++j) {
      if (j == i) continue;
      nearest = std::min(
          nearest, distance2(x, static_cast<size_t>(labeled[i]), static_cast<size_t>(labeled[j])));
    }
    EXPECT_NEAR(gaps[i], nearest, 1e-4);
  }
}

TEST(CoverageMemory, WithoutLabelsNothingIsCovered) {
  const Matrix x = random_rows(10, 3, 9);
  CoverageMemory memory;
  memory.look_at(x, std::vector<int64_t>{2, 5});
  for (const float d : memory.nearest_labeled({})) EXPECT_TRUE(std::isinf(d));
  EXPECT_TRUE(memory.labeled_gaps({}).empty());
}

}  // namespace querist::kernels
