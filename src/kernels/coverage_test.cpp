// The lazy greedy against plain greedy over double-precision kernels, and distances against their
// definition.
#include "kernels/coverage.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/rng.h"

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

TEST(SquaredDistances, EqualTheDefinition) {
  const Matrix x = random_rows(300, 17, 1);  // More than one block.
  const Matrix d = squared_distances(x, x);
  for (size_t i = 0; i < x.rows; i += 7) {
    for (size_t j = 0; j < x.rows; ++j) EXPECT_NEAR(d.at(i, j), distance2(x, i, j), 1e-3);
  }
}

TEST(NeighborDistances, FindTheKthOtherRow) {
  const Matrix x = random_rows(280, 3, 2);
  const auto found = neighbor_distances(x, 5);
  for (size_t i = 0; i < x.rows; i += 13) {
    std::vector<double> all;
    for (size_t j = 0; j < x.rows; ++j) {
      if (j != i) all.push_back(std::sqrt(distance2(x, i, j)));
    }
    std::sort(all.begin(), all.end());
    EXPECT_NEAR(found[i], all[4], 2e-3);
  }
}

// Greedy by definition: every gain anew for every pick.
static std::vector<size_t> plain_greedy(const CoverageTask& task, const Matrix& x, size_t count) {
  std::vector<double> best(task.targets.size(), 0);
  const auto k = [&](int64_t a, int64_t b) {
    return std::exp(-double{task.gamma} *
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
    const CoverageTask task = {x, targets, weights, candidates, labeled, 0.5f};
    std::vector<size_t> found;
    for (const CoveragePick& pick : greedy_coverage(task, 25)) found.push_back(pick.candidate);
    EXPECT_EQ(found, plain_greedy(task, x, 25));
  }
}

TEST(GreedyCoverage, SurvivesMorePicksThanCandidatesAndZeroWeights) {
  const Matrix x = random_rows(6, 2, 3);
  const std::vector<int64_t> rows = {0, 1, 2, 3, 4, 5};
  const std::vector<float> weights(6, 0);
  const auto picks = greedy_coverage({x, rows, weights, rows, {}, 1}, 10);
  ASSERT_EQ(picks.size(), 6u);
  EXPECT_EQ(picks[0].candidate, 0u);  // Ties go to the lower row.
}

}  // namespace querist::kernels
