// Sampling over gradient embeddings against embeddings written out in double.
#include "kernels/gradient_sampling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "base/threads.h"

namespace querist::kernels {

struct GradientRows {
  Matrix x, probabilities;
  std::vector<uint16_t> half;
  std::vector<int64_t> candidates;
  std::vector<float> costs;
  bool bias = false;

  GradientRows(uint64_t seed, size_t n, size_t cols, size_t classes)
      : x(n, cols), probabilities(n, classes) {
    Rng rng(seed);
    for (size_t i = 0; i < n; ++i) {
      double sum = 0;
      for (float& v : x.row(i)) v = half_to_float(float_to_half(static_cast<float>(rng.normal())));
      for (float& p : probabilities.row(i))
        sum += p = static_cast<float>(std::exp(2 * rng.normal()));
      for (float& p : probabilities.row(i)) p = static_cast<float>(p / sum);
      if (i > 0 && rng.below(5) == 0) {
        const size_t other = rng.below(i);
        std::ranges::copy(x.row(other), x.row(i).begin());
        std::ranges::copy(probabilities.row(other), probabilities.row(i).begin());
      }
      if (i == 0 || rng.below(4) > 0) candidates.push_back(static_cast<int64_t>(i));
    }
    if (seed % 3 == 0) {
      for (size_t i = 0; i < candidates.size(); ++i)
        costs.push_back(static_cast<float>(1 + rng.below(3)));
    }
    bias = seed % 4 < 2;
    if (seed % 2) {
      for (const float v : x.values) half.push_back(float_to_half(v));
    }
  }
  Gradients gradients() const {
    const Features rows =
        half.empty() ? Features(x) : Features::of_half(x.rows, x.cols, half.data());
    return {rows, probabilities, bias};
  }
  std::vector<double> embedding(size_t candidate) const {
    const auto row = static_cast<size_t>(candidates[candidate]);
    const auto p = probabilities.row(row);
    const auto likeliest = static_cast<size_t>(std::ranges::max_element(p) - p.begin());
    std::vector<double> g;
    for (size_t c = 0; c < p.size(); ++c) {
      // The class's own error in float, as the kernel has it.
      const float error = c == likeliest ? p[c] - 1 : p[c];
      for (const float v : x.row(row)) g.push_back(double{error} * double{v});
      if (bias) g.push_back(double{error});
    }
    return g;
  }
  double cost(size_t i) const { return costs.empty() ? 1 : double{costs[i]}; }
};

static double squared_gap(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t j = 0; j < a.size(); ++j) sum += (a[j] - b[j]) * (a[j] - b[j]);
  return sum;
}

// Follows the picks with the same draws. Weights differ by what float products lose, about 1e-6 of
// the largest norm each: a draw that falls as near as that to a border may go either way.
TEST(GradientSampling, FreshWeightsDrawWhatWrittenOutEmbeddingsDraw) {
  size_t exact = 0, draws = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Rng shape(seed, 1);
    const GradientRows given(seed, 2 + shape.below(100), 1 + shape.below(40), 1 + shape.below(20));
    const size_t n = given.candidates.size();
    Rng rng(seed), same(seed);
    const auto picks =
        sample_gradients(given.gradients(), given.candidates, 25, rng, given.costs, Weights::fresh);
    ASSERT_EQ(picks.size(), std::min<size_t>(25, n));
    std::vector<std::vector<double>> g;
    std::vector<double> nearest;
    const std::vector<double> zero(given.embedding(0).size(), 0);
    for (size_t i = 0; i < n; ++i) {
      g.push_back(given.embedding(i));
      nearest.push_back(squared_gap(g[i], zero));
    }
    const double scale = 1e-6 * *std::ranges::max_element(nearest);
    std::vector<char> picked(n, 0);
    for (size_t k = 0; k < picks.size(); ++k) {
      const size_t own = picks[k].candidate;
      ASSERT_FALSE(picked[own]) << seed;
      ASSERT_NEAR(picks[k].squared, nearest[own], scale) << seed;
      std::vector<double> weights;
      for (size_t i = 0; i < n; ++i) weights.push_back(picked[i] ? 0 : nearest[i] / given.cost(i));
      if (k == 0) {
        ASSERT_NEAR(weights[own], *std::ranges::max_element(weights), scale) << seed;
      } else {
        double total = std::accumulate(weights.begin(), weights.end(), 0.0);
        if (total <= 0) {
          for (size_t i = 0; i < n; ++i) total += weights[i] = picked[i] ? 0 : 1 / given.cost(i);
        }
        const double place = same.uniform() * total;
        const double before = std::accumulate(weights.begin(), weights.begin() + (long)own, 0.0);
        const double slack = scale * static_cast<double>(n);
        ASSERT_GE(place, before - slack) << seed << " " << k;
        ASSERT_LE(place, before + weights[own] + slack) << seed << " " << k;
        exact += place >= before && place < before + weights[own];
        ++draws;
      }
      picked[own] = 1;
      for (size_t i = 0; i < n; ++i)
        nearest[i] = std::min(k ? nearest[i] : 1e300, squared_gap(g[i], g[own]));
    }
  }
  EXPECT_GT(draws, 2000u);
  EXPECT_LE(draws - exact, draws / 500);
}

// Pearson's statistic over all ordered triples (the first is certain) against the product of the
// two draws' probabilities; 0.9999 quantiles of chi-square, so that no seed that is right fails.
TEST(GradientSampling, StaleWeightsDrawFromTheSameDistribution) {
  GradientRows given(4, 7, 3, 3);
  given.candidates = {0, 1, 2, 3, 4, 5, 6};
  for (float& v : given.x.row(3)) v *= 4;  // Weights that shrink much once it is taken.
  for (float& v : given.x.row(5)) v *= 4;
  given.costs = {1, 2, 1, 1, 3, 1, 1};
  std::vector<std::vector<double>> g;
  for (size_t i = 0; i < 7; ++i) g.push_back(given.embedding(i));
  std::map<std::vector<size_t>, size_t> found;
  const size_t runs = 20'000;
  size_t proposals = 0, first = 0;
  for (size_t run = 0; run < runs; ++run) {
    Rng rng(run, 3);
    GradientCounts counts;
    const auto picks = sample_gradients(given.gradients(), given.candidates, 4, rng, given.costs,
                                        Weights::stale, &counts);
    first = picks[0].candidate;
    ++found[{picks[1].candidate, picks[2].candidate, picks[3].candidate}];
    proposals += counts.proposals;
  }
  EXPECT_GT(proposals, 3 * runs + runs / 20);  // Some were rejected.
  const auto chances = [&](const std::vector<size_t>& centers) {
    std::vector<double> weights;
    for (size_t i = 0; i < 7; ++i) {
      double least = 1e300;
      for (const size_t c : centers) least = std::min(least, squared_gap(g[i], g[c]));
      weights.push_back(least / given.cost(i));
    }
    const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    for (double& w : weights) w /= total;
    return weights;
  };
  double statistic = 0, rare = 0, rare_found = 0;
  size_t cells = 0;
  const auto one = chances({first});
  for (size_t a = 0; a < 7; ++a) {
    if (a == first) continue;
    const auto two = chances({first, a});
    for (size_t b = 0; b < 7; ++b) {
      if (b == first || b == a) continue;
      const auto three = chances({first, a, b});
      for (size_t c = 0; c < 7; ++c) {
        if (c == first || c == a || c == b) continue;
        const double expected = static_cast<double>(runs) * one[a] * two[b] * three[c];
        const auto at = found.find({a, b, c});
        const double count = at == found.end() ? 0 : static_cast<double>(at->second);
        if (expected < 5) {
          rare += expected, rare_found += count;
          continue;
        }
        statistic += (count - expected) * (count - expected) / expected;
        ++cells;
      }
    }
  }
  if (rare > 0) statistic += (rare_found - rare) * (rare_found - rare) / rare;
  // Wilson and Hilferty 1931.
  const double k = static_cast<double>(cells), part = 2 / (9 * k);
  EXPECT_GT(cells, 20u);
  EXPECT_LT(statistic, k * std::pow(1 - part + 3.719 * std::sqrt(part), 3)) << cells;
}

TEST(GradientSampling, AllAlikeAreDrawnEvenlyWithoutRepeats) {
  GradientRows given(8, 12, 4, 3);
  given.candidates.resize(10);
  std::iota(given.candidates.begin(), given.candidates.end(), 0);
  given.costs.clear();
  std::fill(given.x.values.begin(), given.x.values.end(), 0.3f);
  std::fill(given.probabilities.values.begin(), given.probabilities.values.end(), 1 / 3.0f);
  std::vector<size_t> seconds(10, 0);
  for (uint64_t seed = 0; seed < 900; ++seed) {
    Rng rng(seed);
    const auto picks = sample_gradients(given.gradients(), given.candidates, 10, rng);
    ASSERT_EQ(picks.size(), 10u);
    EXPECT_EQ(picks[0].candidate, 0u);
    EXPECT_EQ(picks[1].squared, 0);
    ++seconds[picks[1].candidate];
    std::vector<char> seen(10, 0);
    for (const auto& pick : picks) EXPECT_FALSE(seen[pick.candidate]++);
  }
  for (size_t i = 1; i < 10; ++i) EXPECT_NEAR(seconds[i], 100, 50);  // Five standard deviations.
}

TEST(GradientSampling, DrawsTheSameOnAnyNumberOfThreadsAndRefreshesInBetween) {
  GradientRows given(5, 3000, 6, 4);
  // Few tight clusters: weights shrink so much that proposals fail and a pass pays.
  for (size_t i = 0; i < 3000; ++i) {
    for (size_t j = 0; j < 6; ++j)
      given.x.at(i, j) = given.x.at(i % 3, j) + 1e-3f * given.x.at(i, j);
    for (size_t c = 0; c < 4; ++c) given.probabilities.at(i, c) = given.probabilities.at(i % 3, c);
  }
  given.half.clear();
  GradientCounts counts;
  Rng rng(1), again(1);
  const auto many =
      sample_gradients(given.gradients(), given.candidates, 200, rng, {}, Weights::stale, &counts);
  set_threads(1);
  const auto one = sample_gradients(given.gradients(), given.candidates, 200, again);
  set_threads(0);
  for (size_t k = 0; k < 200; ++k) {
    EXPECT_EQ(many[k].candidate, one[k].candidate);
    EXPECT_EQ(many[k].squared, one[k].squared);
  }
  EXPECT_GT(counts.passes, 1u);
  EXPECT_LT(counts.passes, 100u);
}

}  // namespace querist::kernels
