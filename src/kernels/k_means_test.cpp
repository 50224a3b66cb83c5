// k-means against a plain loop in double precision from the same centres.
#include "kernels/k_means.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "base/threads.h"
#include "kernels/center_panels.h"
#include "kernels/every_target_fixture.h"

namespace querist::kernels {

static std::vector<int64_t> all_rows(size_t n) {
  std::vector<int64_t> rows(n);
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

static double squared_of(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (size_t j = 0; j < a.size(); ++j) sum += std::pow(double{a[j]} - double{b[j]}, 2);
  return sum;
}

// Rows around a few means, far from the origin in some trials.
static Matrix blobs(size_t n, size_t cols, size_t means, float offset, Rng& rng) {
  Matrix centers(means, cols);
  for (float& v : centers.values) v = offset + 3 * static_cast<float>(rng.normal());
  Matrix x(n, cols);
  for (size_t i = 0; i < n; ++i) {
    const auto center = centers.row(rng.below(means));
    for (size_t j = 0; j < cols; ++j) x.at(i, j) = center[j] + static_cast<float>(rng.normal());
  }
  return x;
}

struct Plain {
  Matrix centers;
  std::vector<int32_t> cluster;
  std::vector<double> inertias;  // One a sweep.
};

static double plain_assign(const Matrix& x, std::span<const float> weights, Plain& state,
                           std::vector<double>& squared) {
  double inertia = 0;
  for (size_t i = 0; i < x.rows; ++i) {
    squared[i] = std::numeric_limits<double>::infinity();
    for (size_t c = 0; c < state.centers.rows; ++c) {
      const double here = squared_of(x.row(i), state.centers.row(c));
      if (here < squared[i]) squared[i] = here, state.cluster[i] = static_cast<int32_t>(c);
    }
    inertia += double{weights[i]} * squared[i];
  }
  return inertia;
}

// Sweeps without empty clusters: the caller's data gives none.
static Plain plain_lloyd(const Matrix& x, std::span<const float> weights, Matrix centers,
                         size_t sweeps) {
  Plain state{std::move(centers), std::vector<int32_t>(x.rows), {}};
  std::vector<double> squared(x.rows);
  for (size_t sweep = 0; sweep < sweeps; ++sweep) {
    state.inertias.push_back(plain_assign(x, weights, state, squared));
    if (sweep + 1 == sweeps) break;
    for (size_t c = 0; c < state.centers.rows; ++c) {
      std::vector<double> sums(x.cols);
      double mass = 0;
      for (size_t i = 0; i < x.rows; ++i) {
        if (state.cluster[i] != static_cast<int32_t>(c)) continue;
        mass += double{weights[i]};
        for (size_t j = 0; j < x.cols; ++j) sums[j] += double{weights[i]} * double{x.at(i, j)};
      }
      for (size_t j = 0; j < x.cols && mass > 0; ++j)
        state.centers.at(c, j) = static_cast<float>(sums[j] / mass);
    }
  }
  return state;
}

TEST(KMeans, SweepsAsThePlainLoopDoes) {
  Rng rng(1);
  int compared = 0;
  for (int trial = 0; trial < 300; ++trial) {
    const size_t n = 40 + rng.below(300);
    const size_t cols = 1 + rng.below(40);
    const size_t k = 1 + rng.below(trial % 5 ? 12 : 37);
    const Matrix x = blobs(n, cols, k, trial % 4 ? 0.0f : 200.0f, rng);
    std::vector<float> weights(n, 1);
    if (trial % 2) {
      for (float& w : weights) w = static_cast<float>(rng.uniform());
    }
    const auto rows = all_rows(n);
    std::vector<int64_t> first;
    for (const size_t i : plus_plus_rows(x, rows, weights, k, rng))
      first.push_back(static_cast<int64_t>(i));
    const Matrix centers = dense_rows(x, first);
    for (const size_t sweeps : {1, 2, 5}) {
      const Plain expected = plain_lloyd(x, weights, centers, sweeps);
      std::set<int32_t> used(expected.cluster.begin(), expected.cluster.end());
      if (used.size() < k) continue;  // The rule for empty clusters has a test of its own.
      on_every_target([&] {
        const auto found =
            lloyd(x, rows, trial % 2 ? std::span<const float>(weights) : std::span<const float>(),
                  centers, {.max_iterations = sweeps, .tolerance = -1});
        EXPECT_EQ(found.cluster, expected.cluster) << trial;
        // Squared distances are summed in float32: a relative error of some 1e-6.
        EXPECT_NEAR(found.inertia, expected.inertias.back(),
                    1e-5 * expected.inertias.back() + 1e-9);
        for (size_t i = 0; i < found.centers.values.size(); ++i)
          EXPECT_EQ(found.centers.values[i], expected.centers.values[i]);
      });
      ++compared;
    }
  }
  EXPECT_GT(compared, 700);
}

TEST(KMeans, NeverRaisesTheInertiaAndAssignsToTheNearest) {
  Rng rng(2);
  for (int trial = 0; trial < 40; ++trial) {
    const size_t k = 2 + rng.below(20);
    const Matrix x = blobs(60 + rng.below(200), 1 + rng.below(20), 4, 0, rng);
    const auto rows = all_rows(x.rows);
    const Matrix centers = dense_rows(x, rng.sample(x.rows, k));
    double last = std::numeric_limits<double>::infinity();
    for (size_t sweeps = 1; sweeps < 12; ++sweeps) {
      const auto found = lloyd(x, rows, {}, centers, {.max_iterations = sweeps, .tolerance = -1});
      EXPECT_LE(found.inertia, last * (1 + 1e-6));  // Centres are rounded to float32.
      last = found.inertia;
      for (size_t i = 0; i < x.rows; ++i) {
        const auto own = static_cast<size_t>(found.cluster[i]);
        for (size_t c = 0; c < k; ++c) {
          EXPECT_LE(squared_of(x.row(i), found.centers.row(own)),
                    squared_of(x.row(i), found.centers.row(c)) + 1e-4);
        }
      }
    }
  }
}

TEST(KMeans, MovesAnEmptyClusterToTheCostliestRow) {
  Matrix x(6, 1);
  x.values = {0, 1, 2, 3, 4, 30};
  Matrix centers(3, 1);
  centers.values = {2, 1000, 2000};
  const auto found = lloyd(x, all_rows(6), {}, centers, {.max_iterations = 50, .tolerance = 0});
  EXPECT_EQ(found.cluster[5], 1);  // 30 first, then 0, which lies as far from 2 as 4 does.
  EXPECT_EQ(found.cluster[0], 2);
  EXPECT_EQ(std::set<int32_t>(found.cluster.begin(), found.cluster.end()).size(), 3u);
}

TEST(KMeans, LeavesClustersEmptyWhereRowsAreEqual) {
  const Matrix x(9, 3);
  Rng rng(1);
  const auto found = k_means(x, all_rows(9), {}, {.clusters = 4}, rng);
  EXPECT_EQ(found.cluster, std::vector<int32_t>(9, 0));
  EXPECT_EQ(found.inertia, 0);
}

TEST(KMeans, IsTheSameOnOneThreadForHalvesAndForRowsInPlace) {
  Rng rng(5);
  Matrix x = blobs(3000, 37, 9, 0, rng);
  std::vector<uint16_t> bits;
  for (float& v : x.values) {
    bits.push_back(float_to_half(v));
    v = half_to_float(bits.back());
  }
  for (const size_t batch : {0, 500}) {
    const KMeansOptions options = {.clusters = 70, .batch = batch};
    const auto run = [&](const Features& features) {
      Rng seeded(9);
      return k_means(features, all_rows(3000), {}, options, seeded);
    };
    const auto many = run(x);
    set_threads(1);
    const auto one = run(x);
    set_threads(0);
    EXPECT_EQ(many.cluster, one.cluster);
    EXPECT_EQ(many.centers.values, one.centers.values);
    EXPECT_EQ(many.inertia, one.inertia);
    const auto half = run(Features::of_half(3000, 37, bits.data()));
    EXPECT_EQ(many.cluster, half.cluster);
  }
}

TEST(KMeans, TreatsAWeightAsSoManyRows) {
  Rng rng(6);
  const Matrix x = blobs(80, 4, 3, 0, rng);
  std::vector<float> weights(80, 1);
  std::vector<int64_t> repeated;
  for (size_t i = 0; i < 80; ++i) {
    weights[i] = static_cast<float>(1 + rng.below(4));
    for (float w = 0; w < weights[i]; ++w) repeated.push_back(static_cast<int64_t>(i));
  }
  const Matrix centers = dense_rows(x, rng.sample(80, 5));
  const auto weighted = lloyd(x, all_rows(80), weights, centers, {});
  const auto plain = lloyd(x, repeated, {}, centers, {});
  EXPECT_NEAR(weighted.inertia, plain.inertia, 1e-6 * plain.inertia);
  for (size_t i = 0; i < plain.centers.values.size(); ++i)
    EXPECT_NEAR(weighted.centers.values[i], plain.centers.values[i], 1e-5);
}

TEST(KMeans, MiniBatchesComeCloseToWholeSweeps) {
  Rng rng(7);
  const Matrix x = blobs(4000, 8, 10, 0, rng);
  double sweeps = 0;
  double batches = 0;
  for (uint64_t seed = 0; seed < 5; ++seed) {
    Rng first(seed);
    Rng second(seed);
    sweeps += k_means(x, all_rows(4000), {}, {.clusters = 40}, first).inertia;
    batches += k_means(x, all_rows(4000), {}, {.clusters = 40, .batch = 400}, second).inertia;
  }
  EXPECT_LT(batches, 1.1 * sweeps);
  EXPECT_GT(batches, 0.9 * sweeps);
}

TEST(PlusPlusRows, DrawInProportionToSquaredDistance) {
  // Two rows near 0, one at 1, one at 3; after any first draw the chances of the others are known.
  Matrix x(4, 1);
  x.values = {0, 0.5, 1, 3};
  const std::vector<float> weights = {1, 2, 1, 1};
  std::vector<std::vector<double>> counts(4, std::vector<double>(4));
  constexpr int draws = 40'000;
  double triples = 0;  // How often the third is row 1 after rows 0 and 3 in this order.
  double pairs = 0;
  for (int i = 0; i < draws; ++i) {
    Rng rng(static_cast<uint64_t>(i));
    const auto drawn = plus_plus_rows(x, all_rows(4), weights, 3, rng);
    ++counts[drawn[0]][drawn[1]];
    if (drawn[0] == 0 && drawn[1] == 3) {
      ++pairs;
      triples += drawn[2] == 1;
    }
  }
  for (size_t a = 0; a < 4; ++a) {
    double total = 0;
    for (size_t b = 0; b < 4; ++b) total += double{weights[b]} * squared_of(x.row(a), x.row(b));
    for (size_t b = 0; b < 4; ++b) {
      const double chance =
          double{weights[a]} / 5 * double{weights[b]} * squared_of(x.row(a), x.row(b)) / total;
      // Four standard deviations of a binomial share.
      EXPECT_NEAR(counts[a][b] / draws, chance, 4 * std::sqrt(0.25 / draws));
    }
  }
  EXPECT_NEAR(triples / pairs, 0.5 / 1.5, 4 * std::sqrt(0.25 / pairs));
}

TEST(PlusPlusRows, AgreeInDistributionWithOnePassACentre) {
  // Proposals come in blocks from the eighth centre on; the cost of the drawn centres must match.
  Rng data(8);
  const Matrix x = blobs(200, 2, 12, 0, data);
  constexpr int trials = 600;
  std::vector<double> blocked, plain;
  for (int t = 0; t < trials; ++t) {
    const auto cost = [&](std::span<const size_t> drawn) {
      double sum = 0;
      for (size_t i = 0; i < x.rows; ++i) {
        double nearest = std::numeric_limits<double>::infinity();
        for (const size_t c : drawn) nearest = std::min(nearest, squared_of(x.row(i), x.row(c)));
        sum += nearest;
      }
      return sum;
    };
    Rng rng(static_cast<uint64_t>(t));
    blocked.push_back(cost(plus_plus_rows(x, all_rows(200), {}, 40, rng)));
    std::vector<size_t> drawn = {rng.below(200)};
    while (drawn.size() < 40) {
      std::vector<double> mass;
      double total = 0;
      for (size_t i = 0; i < x.rows; ++i) {
        double nearest = std::numeric_limits<double>::infinity();
        for (const size_t c : drawn) nearest = std::min(nearest, squared_of(x.row(i), x.row(c)));
        mass.push_back(total += nearest);
      }
      drawn.push_back(static_cast<size_t>(
          std::upper_bound(mass.begin(), mass.end(), rng.uniform() * total) - mass.begin()));
    }
    plain.push_back(cost(drawn));
  }
  const auto mean = [](const std::vector<double>& v) {
    return std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
  };
  double variance = 0;
  for (const double c : plain) variance += std::pow(c - mean(plain), 2) / trials;
  // Four standard errors of the difference of two means.
  EXPECT_NEAR(mean(blocked), mean(plain), 4 * std::sqrt(2 * variance / trials));
}

TEST(NearestCenters, AreTheNearestOnEveryKindOfProcessor) {
  Rng rng(10);
  size_t kinds = 0;
  for (int trial = 0; trial < 60; ++trial) {
    const Matrix x = blobs(1 + rng.below(220), 1 + rng.below(70), 5, 0, rng);
    const Matrix centers = blobs(1 + rng.below(80), x.cols, 5, 0, rng);
    const CenterPanels panels(centers);
    std::vector<int32_t> nearest(x.rows);
    std::vector<float> squared(x.rows);
    std::vector<float> scores(x.rows * panels.padded());
    on_every_target([&] {
      ++kinds;
      nearest_centers(x, all_rows(x.rows), panels, nearest, squared);
      center_scores(x, all_rows(x.rows), panels, scores);
      for (size_t i = 0; i < x.rows; ++i) {
        double least = std::numeric_limits<double>::infinity();
        size_t best = 0;
        for (size_t c = 0; c < centers.rows; ++c) {
          const double here = squared_of(x.row(i), centers.row(c));
          if (here < least) least = here, best = c;
        }
        // Sums of up to 70 float32 squares and products of numbers below some 10.
        EXPECT_NEAR(squared[i], least, 1e-5 * least + 1e-4);
        EXPECT_NEAR(squared_of(x.row(i), centers.row(static_cast<size_t>(nearest[i]))), least,
                    1e-3);
        const auto row = std::span(scores).subspan(i * panels.padded(), panels.padded());
        EXPECT_LE(row[best], *std::ranges::min_element(row) + 1e-3f);
        EXPECT_EQ(std::ranges::count(row, std::numeric_limits<float>::infinity()),
                  static_cast<std::ptrdiff_t>(panels.padded() - centers.rows));
      }
    });
  }
  EXPECT_GT(kinds, 60u);  // More than one kind.
}

TEST(NearestCenters, GiveZeroForEqualRowsAndTiesToTheLower) {
  Rng rng(9);
  const Matrix x = blobs(50, 19, 3, 100, rng);
  std::vector<int64_t> twice = all_rows(50);
  for (int64_t i = 0; i < 50; ++i) twice.push_back(i);
  std::vector<int32_t> nearest(50);
  std::vector<float> squared(50);
  nearest_centers(x, all_rows(50), CenterPanels(dense_rows(x, twice)), nearest, squared);
  for (size_t i = 0; i < 50; ++i) {
    EXPECT_EQ(nearest[i], static_cast<int32_t>(i));
    EXPECT_EQ(squared[i], 0);
  }
}

}  // namespace querist::kernels
