// Recall of reviews: exact distributions, the total of every look, and what looking again costs.
#include "metrics/recall.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "metrics/intervals.h"

namespace querist::metrics {

TEST(Hypergeometric, IsTheCountOfAllDraws) {
  // Every subset of `drawn` of up to 10 items, of which the first `marked` are marked.
  for (int64_t pool = 1; pool <= 10; ++pool) {
    for (int64_t drawn = 0; drawn <= pool; ++drawn) {
      for (int64_t marked = 0; marked <= pool; ++marked) {
        std::vector<double> counts(static_cast<size_t>(drawn) + 1);
        double all = 0;
        for (uint32_t subset = 0; subset < 1U << pool; ++subset) {
          if (std::popcount(subset) != drawn) continue;
          ++counts[static_cast<size_t>(std::popcount(subset & ((1U << marked) - 1)))];
          ++all;
        }
        double sum = 0;
        for (int64_t k = 0; k <= drawn; ++k) {
          sum += counts[static_cast<size_t>(k)] / all;
          EXPECT_NEAR(hypergeometric_cdf(k, pool, marked, drawn), sum, 1e-12);
        }
      }
    }
  }
  EXPECT_EQ(hypergeometric_cdf(-1, 10, 3, 4), 0);
  // SciPy: stats.hypergeom.cdf(2, 1000, 20, 300), …(0, 5000, 12, 900), …(400, 2000, 900, 1000).
  EXPECT_NEAR(hypergeometric_cdf(2, 1000, 20, 300), 0.0341616951631297, 1e-13);
  EXPECT_NEAR(hypergeometric_cdf(0, 5000, 12, 900), 0.0921521958840383, 1e-13);
  EXPECT_NEAR(hypergeometric_cdf(400, 2000, 900, 1000) / 4.22685983724282e-06, 1, 1e-9);
  EXPECT_THROW(hypergeometric_cdf(1, 10, 11, 3), Error);
}

TEST(RecallPValue, IsTheChanceUnderTheFewestItemsThatWouldMiss) {
  // 19 found and 200 left: below a recall of 0.95 at least 2 of them are relevant, as 19 / 20 is
  // 0.95 itself.
  EXPECT_NEAR(recall_p_value(19, 200, 100, 0, 0.95), hypergeometric_cdf(0, 200, 2, 100), 1e-15);
  // One more found among the drawn: 20 found, 2 or more of the 200 must be relevant beyond … 20 /
  // 0.95 = 21.05, so at least 3 in the 200 (22 in all).
  EXPECT_NEAR(recall_p_value(19, 200, 100, 1, 0.95), hypergeometric_cdf(1, 200, 3, 100), 1e-15);
  EXPECT_EQ(recall_p_value(5, 0, 0, 0, 0.95), 0);
  EXPECT_NEAR(recall_p_value(0, 100, 10, 0, 0.95), 0.9, 1e-12);
  EXPECT_THROW(recall_p_value(1, 5, 6, 0, 0.95), Error);
  EXPECT_THROW(recall_p_value(1, 5, 2, 0, 0), Error);
}

// A review of `pool` items with `relevant` ones: it alternates 9 picks of a ranking that is right
// twice as often as chance with one audit draw.
struct Review {
  std::vector<AuditDraw> draws;
  std::vector<ReviewState> states;  // After each draw.
};

static Review review(int64_t pool, int64_t relevant, int64_t picks, size_t length, uint64_t seed) {
  Rng rng(seed);
  Review out;
  int64_t unread = pool;
  int64_t hidden = relevant;
  while (out.draws.size() < length && unread > picks + 1) {
    for (int64_t i = 0; i < picks; ++i) {
      const double chance =
          std::min(1.0, 2 * static_cast<double>(hidden) / static_cast<double>(unread));
      if (rng.uniform() < chance) --hidden;
      --unread;
    }
    const bool hit = rng.uniform() * static_cast<double>(unread) < static_cast<double>(hidden);
    out.draws.push_back({relevant - hidden, unread, hit});
    hidden -= hit;
    --unread;
    out.states.push_back({relevant - hidden, unread});
  }
  return out;
}

TEST(RelevantTotal, CoversAtOneLook) {
  for (const int64_t picks : {0, 9}) {
    int covered = 0;
    double sum = 0;
    for (uint64_t round = 0; round < 2000; ++round) {
      const Review one = review(1000, 60, picks, 60, mix_seed(round, 1));
      const Estimate e = relevant_total(one.draws, one.states.back());
      covered += e.ci_low <= 60 && 60 <= e.ci_high;
      sum += e.value / 2000;
    }
    // Standard error 0.005; the score interval of counts about 3 is a point or two off 0.95.
    EXPECT_GE(covered / 2000.0, 0.92) << picks;
    EXPECT_NEAR(sum, 60, picks ? 8 : 3);  // Clamped to what is possible, so not quite unbiased.
  }
}

TEST(RelevantTotalAnytime, HoldsAtEveryLook) {
  for (const auto& [relevant, picks] : {std::pair<int64_t, int64_t>{20, 9}, {60, 0}, {2, 4}}) {
    int missed = 0;
    for (uint64_t round = 0; round < 400; ++round) {
      const Review one = review(500, relevant, picks, 40, mix_seed(round, 2));
      bool ever = false;
      for (size_t look = 1; look <= one.draws.size(); ++look) {
        const Estimate e =
            relevant_total_anytime(std::span(one.draws).first(look), one.states[look - 1], 0.9);
        ever = ever || e.ci_low > static_cast<double>(relevant) ||
               e.ci_high < static_cast<double>(relevant);
      }
      missed += ever;
    }
    // 10 % of 400 with a standard deviation of 6; four of them.
    EXPECT_LE(missed, 40 + 24) << relevant;
  }
}

TEST(RelevantTotalAnytime, IsThePriorPosteriorRatioOfAHypergeometric) {
  // No picks between draws: 30 draws of 80 items, 3 relevant, 7 known before. The likelihood of k
  // is hypergeometric up to the order, which cancels.
  std::vector<AuditDraw> draws;
  int64_t known = 7;
  for (int64_t i = 0; i < 30; ++i) {
    draws.push_back({known, 80 - i, i % 10 == 4});
    known += i % 10 == 4;
  }
  const auto pmf = [](int64_t k) {
    return hypergeometric_cdf(3, 80, k, 30) - hypergeometric_cdf(2, 80, k, 30);
  };
  double evidence = 0;
  double prior_sum = 0;
  for (int64_t k = 0; k <= 80; ++k) {
    // Beta-binomial(80, 0.1, 1).
    const auto x = static_cast<double>(k);
    const double prior = 0.1 * std::exp(std::lgamma(x + 0.1) - std::lgamma(x + 1) +
                                        std::lgamma(81) - std::lgamma(81.1));
    prior_sum += prior;
    evidence += prior * pmf(k);
  }
  EXPECT_NEAR(prior_sum, 1, 1e-10);
  int64_t low = 80;
  int64_t high = 0;
  for (int64_t k = 3; k <= 53; ++k) {
    if (evidence / pmf(k) >= 1 / 0.05) continue;
    low = std::min(low, k);
    high = std::max(high, k);
  }
  const Estimate e = relevant_total_anytime(draws, {10, 50});
  EXPECT_EQ(e.ci_low, static_cast<double>(low + 7));
  EXPECT_EQ(e.ci_high, static_cast<double>(high + 7));
  EXPECT_EQ(e.value, 7 + 8);  // 80 * 3 / 30 = 8 is likeliest.
}

TEST(RelevantTotal, IsThePlainShareOfADrawFromTheWholePool) {
  std::vector<AuditDraw> draws;
  for (int64_t i = 0; i < 10; ++i) draws.push_back({i > 3, 1'000'000'000 - i, i == 3});
  const Estimate e = relevant_total(draws, {1, 999'999'990});
  const Estimate wilson = wilson_interval(1, 10);
  EXPECT_NEAR(e.value / 1e9, 0.1, 1e-6);
  EXPECT_NEAR(e.ci_low / 1e9, wilson.ci_low, 1e-6);
  EXPECT_NEAR(e.ci_high / 1e9, wilson.ci_high, 1e-6);
}

TEST(RelevantTotal, KnowsNothingWithoutDrawsAndAllAtTheEnd) {
  const Estimate none = relevant_total({}, {3, 10});
  EXPECT_EQ(none.ci_low, 3);
  EXPECT_EQ(none.ci_high, 13);
  const std::vector<AuditDraw> last = {{5, 1, true}};
  for (const Estimate& e : {relevant_total(last, {6, 0}), relevant_total_anytime(last, {6, 0})}) {
    EXPECT_EQ(e.value, 6);
    EXPECT_EQ(e.ci_low, 6);
    EXPECT_EQ(e.ci_high, 6);
    EXPECT_EQ(recall_from_total(6, e).ci_low, 1);
  }
  EXPECT_THROW(relevant_total(std::vector<AuditDraw>{{5, 3, true}}, {5, 2}), Error);
  EXPECT_THROW(relevant_total(std::vector<AuditDraw>{{5, 3, true}}, {6, 3}), Error);
  EXPECT_THROW(relevant_total(std::vector<AuditDraw>{{5, 3, true}, {5, 2, false}}, {6, 1}), Error);
}

TEST(RecallFromTotal, TurnsTheEndsAround) {
  const Estimate recall = recall_from_total(18, {20, 18, 24, "x"});
  EXPECT_DOUBLE_EQ(recall.value, 0.9);
  EXPECT_DOUBLE_EQ(recall.ci_low, 0.75);
  EXPECT_DOUBLE_EQ(recall.ci_high, 1);
  EXPECT_EQ(recall_from_total(0, {0, 0, 0, "x"}).value, 1);
}

}  // namespace querist::metrics
