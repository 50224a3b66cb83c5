// LURE: its weights written out, unbiasedness over every order of draws, its interval's coverage.
#include "metrics/lure.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numeric>

#include "base/error.h"
#include "base/rng.h"
#include "metrics/intervals.h"

namespace querist::metrics {

TEST(Lure, WeightsAreThoseOfTheFormula) {
  // N = 10, M = 3, by hand: v_1 = 1 + 7/9 (1/(10 * .2) - 1), v_2 = 1 + 7/8 (1/(9 * .05) - 1),
  // v_3 = 1 + 7/7 (1/(8 * .125) - 1) = 1.
  const auto v = lure_weights(std::vector<double>{0.2, 0.05, 0.125}, 10);
  EXPECT_NEAR(v[0], 1 + 7.0 / 9 * (0.5 - 1), 1e-15);
  EXPECT_NEAR(v[1], 1 + 7.0 / 8 * (1 / 0.45 - 1), 1e-14);
  EXPECT_NEAR(v[2], 1, 1e-15);
}

// Calls visit(chance, losses, propensities) for every ordered sample of `count` rows.
static void every_draw(
    const std::vector<double>& proposal, const std::vector<double>& losses, size_t count,
    const std::function<void(double, std::span<const double>, std::span<const double>)>& visit) {
  std::vector<bool> taken(proposal.size());
  std::vector<double> seen;
  std::vector<double> chances;
  const std::function<void(double)> step = [&](double chance) {
    if (seen.size() == count) return visit(chance, seen, chances);
    double left = 0;
    for (size_t i = 0; i < proposal.size(); ++i) left += taken[i] ? 0 : proposal[i];
    for (size_t i = 0; i < proposal.size(); ++i) {
      if (taken[i]) continue;
      taken[i] = true;
      seen.push_back(losses[i]);
      chances.push_back(proposal[i] / left);
      step(chance * proposal[i] / left);
      taken[i] = false;
      seen.pop_back();
      chances.pop_back();
    }
  };
  step(1);
}

TEST(Lure, IsUnbiasedAndSoIsItsMartingaleVariance) {
  Rng rng(4);
  for (int round = 0; round < 30; ++round) {
    const size_t n = 3 + rng.below(4);
    std::vector<double> proposal(n);
    std::vector<double> losses(n);
    for (size_t i = 0; i < n; ++i) {
      proposal[i] = 0.05 + rng.uniform();
      losses[i] = rng.normal();
    }
    const double truth = mean(losses);
    for (size_t count = 2; count <= n; ++count) {
      double total = 0;
      double value = 0;
      double square = 0;
      double martingale = 0;
      every_draw(proposal, losses, count, [&](double chance, auto drawn, auto q) {
        const double one = lure(drawn, q, n).value;
        total += chance;
        value += chance * one;
        square += chance * (one - truth) * (one - truth);
        // The variance estimate about the true mean, without the factor for the estimated one.
        double before = 0;
        double sum = 0;
        double by_levels = 0;
        const auto pool = static_cast<double>(n);
        const auto m = static_cast<double>(count);
        for (size_t i = 0; i < count; ++i) {
          const double left = pool - static_cast<double>(i + 1);
          const double level =
              count == n ? (i + 1 == n ? pool : 0) : pool * (pool - m) / (left * (left + 1));
          const double a = drawn[i] / (pool * q[i]) + before / pool;
          sum += level * level * (a - truth) * (a - truth);
          by_levels += level * a / m;
          before += drawn[i];
        }
        EXPECT_NEAR(by_levels, one, 1e-9);
        martingale += chance * sum / (m * m);
      });
      EXPECT_NEAR(total, 1, 1e-12);
      EXPECT_NEAR(value, truth, 1e-12 * (1 + std::abs(truth)));
      EXPECT_NEAR(martingale, square, 1e-10 * (1 + square));
    }
  }
}

TEST(Lure, IsThePlainMeanWhereDrawsAreUniform) {
  std::vector<double> losses = {1, 0, 0.5, 2};
  std::vector<double> q;
  for (int i = 0; i < 4; ++i) q.push_back(1.0 / (100 - i));
  EXPECT_NEAR(lure(losses, q, 100).value, mean(losses), 1e-14);
}

TEST(Lure, IsExactOnceTheWholePoolIsDrawn) {
  const std::vector<double> proposal = {0.1, 5, 0.3};
  const TestDraws draws = draw_test_rows(proposal, 3, 1);
  const std::vector<double> losses = {2, 7, 9};
  const Estimate e = lure(losses, draws.propensities, 3);
  EXPECT_DOUBLE_EQ(e.value, 6);
  EXPECT_EQ(e.ci_low, e.ci_high);
}

TEST(Lure, IntervalEndsAtZeroWhereNoLossIsNegative) {
  std::vector<double> losses{0, 0, 1, 0, 0};
  const std::vector<double> uniform{1 / 40., 1 / 39., 1 / 38., 1 / 37., 1 / 36.};
  const Estimate cut = lure(losses, uniform, 40);
  EXPECT_NEAR(cut.value, 0.2, 1e-12);
  EXPECT_EQ(cut.ci_low, 0);
  EXPECT_GT(cut.ci_high, 0.5);
  losses[0] = -1e-6;
  const Estimate whole = lure(losses, uniform, 40);
  EXPECT_NEAR(whole.ci_low, 2 * whole.value - whole.ci_high, 1e-12);
  EXPECT_LT(whole.ci_low, -0.1);
}

TEST(Lure, DrawsByProposalWithoutRepeats) {
  const std::vector<double> proposal = {1, 0.5, 3, 0.25};
  std::vector<int> first(4);
  const int rounds = 20'000;
  for (int round = 0; round < rounds; ++round) {
    const TestDraws draws = draw_test_rows(proposal, 4, static_cast<uint64_t>(round));
    ++first[static_cast<size_t>(draws.rows[0])];
    double left = 4.75;
    std::vector<bool> seen(4);
    for (size_t m = 0; m < 4; ++m) {
      const auto row = static_cast<size_t>(draws.rows[m]);
      EXPECT_FALSE(seen[row]);
      seen[row] = true;
      EXPECT_NEAR(draws.propensities[m], proposal[row] / left, 1e-12);
      left -= proposal[row];
    }
  }
  for (size_t i = 0; i < 4; ++i) {
    const double p = proposal[i] / 4.75;
    EXPECT_NEAR(first[i] / double{rounds}, p, 4 * std::sqrt(p * (1 - p) / rounds));
  }
}

TEST(Lure, IntervalCoversAndActiveLabelsAreWorthMore) {
  // A pool of 2,000 with losses 0 or 1 whose chance is known up to noise; 100 of them labelled.
  Rng rng(9);
  const size_t n = 2000;
  std::vector<double> risk(n);
  std::vector<double> losses(n);
  for (size_t i = 0; i < n; ++i) {
    risk[i] = std::pow(rng.uniform(), 3);
    losses[i] = rng.uniform() < risk[i];
  }
  const double truth = mean(losses);
  std::vector<double> wanted(n);
  for (size_t i = 0; i < n; ++i) wanted[i] = std::sqrt(risk[i]);
  const std::vector<double> proposal = clipped_proposal(wanted);
  int covered = 0;
  double active = 0;
  double uniform = 0;
  const int rounds = 2000;
  for (int round = 0; round < rounds; ++round) {
    const TestDraws draws = draw_test_rows(proposal, 100, static_cast<uint64_t>(round));
    std::vector<double> seen;
    for (const int64_t row : draws.rows) seen.push_back(losses[static_cast<size_t>(row)]);
    const Estimate e = lure(seen, draws.propensities, n);
    covered += e.ci_low <= truth && truth <= e.ci_high;
    active += std::pow(e.value - truth, 2);
    double plain = 0;
    for (const int64_t row : rng.sample(n, 100)) plain += losses[static_cast<size_t>(row)] / 100;
    uniform += std::pow(plain - truth, 2);
  }
  // The standard error of a coverage of 0.95 is 0.005; four of them, and the t interval of a skewed
  // estimate may fall two points short.
  EXPECT_GE(covered / double{rounds}, 0.91);
  EXPECT_LE(covered / double{rounds}, 0.97);
  EXPECT_LT(active, 0.75 * uniform);
}

TEST(Lure, RefusesWhatCannotBe) {
  const std::vector<double> two = {1, 0};
  EXPECT_THROW(lure(two, std::vector<double>{0.5}, 10), Error);
  EXPECT_THROW(lure(two, std::vector<double>{0.5, 0}, 10), Error);
  EXPECT_THROW(lure(two, std::vector<double>{0.5, 1.5}, 10), Error);
  EXPECT_THROW(lure(two, std::vector<double>{0.5, 0.5}, 1), Error);
  EXPECT_THROW(lure(std::vector<double>{1, NAN}, std::vector<double>{0.5, 0.5}, 9), Error);
  EXPECT_THROW(draw_test_rows(two, 1, 0), Error);
  EXPECT_THROW(draw_test_rows(std::vector<double>{1, 1}, 3, 0), Error);
  EXPECT_THROW(clipped_proposal(std::vector<double>{-1}), Error);
}

TEST(Lure, ClipsTheProposalAtAShareOfItsMean) {
  EXPECT_EQ(clipped_proposal(std::vector<double>{0, 1, 3}, 0.3),
            (std::vector<double>{0.3 * (4.0 / 3), 1, 3}));
  EXPECT_EQ(clipped_proposal(std::vector<double>{0, 0}), (std::vector<double>{1, 1}));
}

}  // namespace querist::metrics
