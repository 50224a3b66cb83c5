// The search without a table against plain greedy over double-precision kernels, for every kernel.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/rng.h"
#include "base/threads.h"
#include "kernels/coverage.h"
#include "kernels/density.h"
#include "kernels/every_target_fixture.h"

namespace querist::kernels {

static Matrix lattice_or_normal(size_t rows, size_t cols, bool lattice, Rng& rng) {
  Matrix m(rows, cols);
  for (float& v : m.values)
    v = lattice ? static_cast<float>(rng.below(3))
                : half_to_float(float_to_half(static_cast<float>(rng.normal())));
  return m;
}

// The same numbers as halves, which hold them exactly.
struct Halves {
  std::vector<uint16_t> values;
  Features features;
  explicit Halves(const Matrix& x) {
    for (const float v : x.values) values.push_back(float_to_half(v));
    features = Features::of_half(x.rows, x.cols, values.data());
  }
};

static double similarity_of(Kernel kernel, const Matrix& x, int64_t a, int64_t b) {
  double squared = 0, dot = 0, na = 0, nb = 0;
  for (size_t j = 0; j < x.cols; ++j) {
    const double p = x.at(static_cast<size_t>(a), j), q = x.at(static_cast<size_t>(b), j);
    squared += (p - q) * (p - q);
    dot += p * q, na += p * p, nb += q * q;
  }
  switch (kernel.similarity) {
    case Similarity::gaussian:
      return std::exp(-double{kernel.value} * squared);
    case Similarity::ball:
      return squared <= double{kernel.value} * double{kernel.value} ? 1 : 0;
    case Similarity::cosine:
      return na > 0 && nb > 0 ? (1 + dot / std::sqrt(na * nb)) / 2 : 0.5;
    case Similarity::negative_distance:
      return std::max(0.0, kernel.value - std::sqrt(squared));
    case Similarity::inverse_distance:
      return 1 / (1 + std::sqrt(squared));
  }
  return 0;
}

// Follows the picks: each must add as much as any candidate would, and be the lowest of those that
// add exactly as much. The tolerance is float32's: distances of equal rows are exact, others not.
static void expect_greedy(const CoverageTask& task, const Matrix& x,
                          const std::vector<CoveragePick>& picks, bool exact) {
  std::vector<double> best(task.targets.size(), 0);
  const auto raise = [&](int64_t row) {
    for (size_t t = 0; t < best.size(); ++t)
      best[t] = std::max(best[t], similarity_of(task.kernel, x, task.targets[t], row));
  };
  for (const int64_t row : task.labeled) raise(row);
  std::vector<char> picked(task.candidates.size(), 0);
  for (const CoveragePick& pick : picks) {
    ASSERT_FALSE(picked[pick.candidate]);
    std::vector<double> gains(task.candidates.size(), -1);
    for (size_t c = 0; c < gains.size(); ++c) {
      if (picked[c]) continue;
      gains[c] = 0;
      for (size_t t = 0; t < best.size(); ++t)
        gains[c] +=
            double{task.weights[t]} *
            std::max(0.0,
                     similarity_of(task.kernel, x, task.targets[t], task.candidates[c]) - best[t]);
      if (!task.costs.empty()) gains[c] /= double{task.costs[c]};
    }
    const auto top = std::max_element(gains.begin(), gains.end());
    const double tolerance = exact ? 0 : 2e-5 * static_cast<double>(best.size());
    EXPECT_NEAR(pick.gain, gains[pick.candidate], tolerance);
    EXPECT_GE(gains[pick.candidate], *top - tolerance);
    if (exact) {
      EXPECT_EQ(pick.candidate, static_cast<size_t>(top - gains.begin()));
    }
    picked[pick.candidate] = 1;
    raise(task.candidates[pick.candidate]);
  }
}

TEST(CoverageSearch, IsPlainGreedyForEveryKernel) {
  const Kernel kernels[] = {{Similarity::gaussian, 0.4f},
                            {Similarity::ball, 1.0f},
                            {Similarity::ball, 1.7f},
                            {Similarity::cosine, 0},
                            {Similarity::negative_distance, 40}};
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Rng rng(seed);
    const Kernel kernel = kernels[seed % 5];
    const size_t n = 1 + rng.below(seed % 10 == 0 ? 400 : 90);
    const Matrix x = lattice_or_normal(n, 1 + rng.below(7), rng.below(2) == 0, rng);
    std::vector<int64_t> targets, candidates, labeled;
    const bool same = rng.below(2) == 0;
    for (int64_t i = 0; i < static_cast<int64_t>(n); ++i) {
      const auto where = rng.below(8);
      if (where == 0) labeled.push_back(i);
      if (where > 0) candidates.push_back(i);
      if (same ? where > 0 : where != 1) targets.push_back(i);
    }
    std::vector<float> weights(targets.size()), costs;
    const bool weighted = rng.below(2) == 0;
    for (float& w : weights) w = weighted ? static_cast<float>(rng.uniform()) : 1;
    if (rng.below(3) == 0) {
      for (size_t c = 0; c < candidates.size(); ++c)
        costs.push_back(0.5f + static_cast<float>(rng.uniform()));
    }
    const size_t count = 1 + rng.below(30);
    const Halves halves(x);
    const Features rows = rng.below(2) ? Features(x) : halves.features;
    const CoverageTask task = {rows, targets, weights, candidates, labeled, kernel, costs};
    on_every_target([&] {
      const auto picks = greedy_coverage(task, count);
      set_threads(1);
      const auto alone = greedy_coverage(task, picks.size());
      set_threads(0);
      for (size_t i = 0; i < picks.size(); ++i) {
        EXPECT_EQ(picks[i].candidate, alone[i].candidate);
        EXPECT_EQ(picks[i].gain, alone[i].gain);
      }
      // Counts of balls are whole numbers, so there every tie is seen and goes to the lower row.
      expect_greedy(task, x, picks,
                    kernel.similarity == Similarity::ball && !weighted && costs.empty());
    });
    if (HasFailure()) FAIL() << "seed " << seed;
  }
}

TEST(CoverageSearch, TiesOfEqualRowsGoToTheLower) {
  Rng rng(1);
  Matrix x = lattice_or_normal(300, 5, false, rng);
  for (size_t i = 0; i < 150; ++i) std::ranges::copy(x.row(i), x.row(150 + i).begin());
  std::vector<int64_t> rows(300);
  std::iota(rows.begin(), rows.end(), 0);
  const std::vector<float> weights(300, 1);
  for (const auto similarity : {Similarity::gaussian, Similarity::cosine}) {
    for (const auto& pick : greedy_coverage({x, rows, weights, rows, {}, {similarity, 1}}, 40))
      EXPECT_LT(pick.candidate, 150u);
  }
}

TEST(Density, IsTheMeanOverAllPairs) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    Rng rng(seed);
    const size_t n = 1 + rng.below(330);
    const Matrix x = lattice_or_normal(n, 1 + rng.below(40), seed % 2 == 0, rng);
    std::vector<int64_t> rows, others;
    for (int64_t i = 0; i < static_cast<int64_t>(n); ++i) {
      if (i == 0 || rng.below(4) > 0) rows.push_back(i);
      if (i == 0 || rng.below(4) > 0) others.push_back(i);
    }
    if (seed % 3 == 0) others = rows;
    const Halves halves(x);
    const Features given = rng.below(2) ? Features(x) : halves.features;
    on_every_target([&] {
      const auto euclidean = inverse_distance_density(given, rows, others);
      const auto cosine = cosine_density(given, rows, others);
      for (size_t i = 0; i < rows.size(); ++i) {
        double near = 0, alike = 0;
        for (const int64_t other : others) {
          near += similarity_of({Similarity::inverse_distance, 0}, x, rows[i], other);
          alike += 2 * similarity_of({Similarity::cosine, 0}, x, rows[i], other) - 1;
        }
        const auto count = static_cast<double>(others.size());
        EXPECT_NEAR(euclidean[i], near / count, 1e-5);  // As documented: float32 distances.
        EXPECT_NEAR(cosine[i], std::max(0.0, alike / count), 1e-5);
      }
    });
  }
}

}  // namespace querist::kernels
