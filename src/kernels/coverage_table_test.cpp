// The table's bounds against gains in double: never below them, and close where nothing is odd.
#include "kernels/coverage_table.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/rng.h"
#include "kernels/ball_cover.h"

namespace querist::kernels {

template <class Body>
static void on_every_target(Body body) {
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    body();
  }
  hwy::SetSupportedTargetsForTest(0);
}

static double similarity_of(Kernel kernel, const Matrix& x, int64_t a, int64_t b) {
  double squared = 0, dot = 0, na = 0, nb = 0;
  for (size_t j = 0; j < x.cols; ++j) {
    const double p = x.at(static_cast<size_t>(a), j), q = x.at(static_cast<size_t>(b), j);
    squared += (p - q) * (p - q);
    dot += p * q, na += p * p, nb += q * q;
  }
  if (kernel.similarity == Similarity::gaussian) return std::exp(-double{kernel.value} * squared);
  if (kernel.similarity == Similarity::ball)
    return squared <= double{kernel.value} * double{kernel.value} ? 1 : 0;
  if (kernel.similarity == Similarity::cosine)
    return na > 0 && nb > 0 ? (1 + dot / std::sqrt(na * nb)) / 2 : 0.5;
  if (kernel.similarity == Similarity::negative_distance)
    return std::max(0.0, double{kernel.value} - std::sqrt(squared));
  return 1 / (1 + std::sqrt(squared));
}

// Rows of a lattice, with many twins, or normal ones; some rows of zeros.
static Matrix some_rows(size_t n, Rng& rng) {
  Matrix x(n, 1 + rng.below(20));
  const bool lattice = rng.below(2) == 0;
  for (size_t i = 0; i < n; ++i) {
    for (float& v : x.row(i))
      v = i % 17 == 5 ? 0 : static_cast<float>(lattice ? double(rng.below(3)) : rng.normal());
  }
  return x;
}

static constexpr Kernel kernels[] = {{Similarity::gaussian, 0.1f},
                                     {Similarity::gaussian, 0.001f},
                                     {Similarity::cosine, 0},
                                     {Similarity::negative_distance, 30},
                                     {Similarity::inverse_distance, 0}};

TEST(CoverageTable, NeverBoundsAGainTooLow) {
  on_every_target([] {
    for (uint64_t seed = 0; seed < 60; ++seed) {
      Rng rng(seed);
      const Kernel kernel = kernels[seed % 5];
      const size_t n = 2 + rng.below(seed % 6 == 0 ? 400 : 120);
      const Matrix x = some_rows(n, rng);
      std::vector<int64_t> targets, candidates;
      const bool same = rng.below(2) == 0;
      for (int64_t i = 0; i < static_cast<int64_t>(n); ++i) {
        if (i == 0 || rng.below(4) > 0) candidates.push_back(i);
        if (same ? candidates.back() == i : (i == 0 || rng.below(4) > 0)) targets.push_back(i);
      }
      std::vector<float> weights(targets.size(), 0.5f), best(targets.size(), 0);
      for (size_t t = 1; t < weights.size(); ++t) {
        if (rng.below(9) == 0) weights[t] = 0;
        if (seed % 3 == 0) best[t] = static_cast<float>(rng.uniform());
      }
      const CoverageTask task = {x, targets, weights, candidates, {}, kernel};
      const auto table = CoverageTable::make(task, best);
      ASSERT_NE(table, nullptr);
      for (int pick = 0; pick < 6; ++pick) {
        double excess = 0;
        for (size_t c = 0; c < candidates.size(); ++c) {
          double gain = 0;
          for (size_t t = 0; t < targets.size(); ++t)
            gain += double{weights[t]} *
                    std::max(0.0, similarity_of(kernel, x, targets[t], candidates[c]) - best[t]);
          EXPECT_GE(table->most(c), gain) << seed << " " << pick;
          excess = std::max(excess, table->most(c) - gain);
        }
        // A byte's step for each target: all of them are sampled then. Roots of rounded squares
        // say little near 0, so the other kernels' bounds are further off.
        if (n < 32 && kernel.similarity == Similarity::gaussian) {
          EXPECT_LT(excess, 0.5 * 0.01 * static_cast<double>(n)) << seed << " " << pick;
        }
        std::vector<CoverageRaise> raises;
        const int64_t row = candidates[rng.below(candidates.size())];
        for (size_t t = 0; t < targets.size(); ++t) {
          const auto value = static_cast<float>(similarity_of(kernel, x, targets[t], row));
          if (value <= best[t]) continue;
          raises.push_back({static_cast<uint32_t>(t), best[t], value});
          best[t] = value;
        }
        table->raise(raises);
      }
      if (testing::Test::HasFailure()) FAIL() << "seed " << seed;
    }
  });
}

TEST(CoverageTable, IsNotMadeWhereItWouldNotHelp) {
  Rng rng(1);
  Matrix x = some_rows(9, rng);
  std::vector<int64_t> rows(9);
  std::iota(rows.begin(), rows.end(), 0);
  const std::vector<float> ones(9, 1), best(9, 0);
  std::vector<float> mixed = ones;
  mixed[3] = 2;
  EXPECT_NE(CoverageTable::make({x, rows, ones, rows, {}, {}}, best), nullptr);
  EXPECT_EQ(CoverageTable::make({x, rows, mixed, rows, {}, {}}, best), nullptr);
  EXPECT_EQ(CoverageTable::make({x, rows, ones, rows, {}, {Similarity::ball, 1}}, best), nullptr);
  EXPECT_EQ(greedy_balls({x, rows, mixed, rows, {}, {Similarity::ball, 1}}, 2), std::nullopt);
  EXPECT_EQ(greedy_balls({x, rows, ones, rows, {}, {}}, 2), std::nullopt);
  x.at(0, 0) = 1e25f;
  EXPECT_EQ(CoverageTable::make({x, rows, ones, rows, {}, {}}, best), nullptr);
  EXPECT_EQ(greedy_balls({x, rows, ones, rows, {}, {Similarity::ball, 1}}, 2), std::nullopt);
}

// Distances that are whole numbers meet a whole radius exactly: only double tells.
TEST(BallCover, IsPlainGreedyOnEveryTarget) {
  on_every_target([] {
    for (uint64_t seed = 0; seed < 40; ++seed) {
      Rng rng(seed);
      const size_t n = 1 + rng.below(seed % 8 == 0 ? 500 : 80);
      const Matrix x = some_rows(n, rng);
      const Kernel kernel = {Similarity::ball, seed % 4 == 3 ? 1.5f : 1.0f + seed % 3};
      std::vector<int64_t> targets, candidates, labeled;
      for (int64_t i = 0; i < static_cast<int64_t>(n); ++i) {
        if (i == 0 || rng.below(4) > 0) candidates.push_back(i);
        if (seed % 2 == 0 ? candidates.back() == i : rng.below(4) > 0) targets.push_back(i);
        if (rng.below(30) == 0) labeled.push_back(i);
      }
      std::vector<float> weights(targets.size(), 1), costs;
      if (!weights.empty() && rng.below(3) == 0) weights[0] = 0;
      if (rng.below(3) == 0) {
        for (size_t c = 0; c < candidates.size(); ++c) costs.push_back(1.0f + rng.below(3));
      }
      const auto picks =
          greedy_balls({x, targets, weights, candidates, labeled, kernel, costs}, 12);
      ASSERT_TRUE(picks.has_value());
      std::vector<char> open(targets.size()), picked(candidates.size(), 0);
      for (size_t t = 0; t < open.size(); ++t) {
        open[t] = weights[t] > 0;
        for (const int64_t row : labeled)
          if (similarity_of(kernel, x, targets[t], row) > 0) open[t] = 0;
      }
      ASSERT_EQ(picks->size(), std::min<size_t>(12, candidates.size()));
      for (const CoveragePick& pick : *picks) {
        double top = -1;
        size_t best = 0;
        for (size_t c = 0; c < candidates.size(); ++c) {
          double gain = 0;
          for (size_t t = 0; t < open.size(); ++t)
            gain += open[t] ? similarity_of(kernel, x, targets[t], candidates[c]) : 0;
          if (!costs.empty()) gain /= double{costs[c]};
          if (!picked[c] && gain > top) top = gain, best = c;
        }
        ASSERT_EQ(pick.candidate, best) << seed;
        EXPECT_EQ(pick.gain, top);
        picked[best] = 1;
        for (size_t t = 0; t < open.size(); ++t)
          if (similarity_of(kernel, x, targets[t], candidates[best]) > 0) open[t] = 0;
      }
    }
  });
}

}  // namespace querist::kernels
