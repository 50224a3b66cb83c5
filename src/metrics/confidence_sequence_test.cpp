// Confidence sequences: coverage at every look at once, width, and the pool that runs out.
#include "metrics/confidence_sequence.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "metrics/intervals.h"

namespace querist::metrics {

// How many of `rounds` sequences of 300 values ever miss the mean, at looks after 1, 2, 5, 10 …
enum class Kind { betting, present, bernstein };

template <class Draw>
static int sequences_that_miss(int rounds, double truth, size_t pool_size, Kind kind,
                               const Draw& draw) {
  const std::vector<size_t> looks = {1, 2, 5, 10, 20, 40, 70, 100, 150, 200, 250, 300};
  int missed = 0;
  for (int round = 0; round < rounds; ++round) {
    const std::vector<double> values = draw(static_cast<uint64_t>(round));
    bool ever = false;
    for (const size_t look : looks) {
      const auto first = std::span(values).first(look);
      const Estimate e = kind == Kind::bernstein ? empirical_bernstein_interval(first, 0.9)
                         : kind == Kind::present ? present_betting_interval(first, 0.9)
                                                 : betting_interval(first, 0.9, pool_size);
      ever = ever || e.ci_low > truth + 1e-9 || e.ci_high < truth - 1e-9;
    }
    missed += ever;
  }
  return missed;
}

// At most 10 % may miss: 60 of 600, with a standard deviation of 7.3; four of them above.
static constexpr int most_missed = 60 + 30;

TEST(ConfidenceSequence, HoldsTheMeanAtEveryLook) {
  for (const double p : {0.02, 0.3, 0.9}) {
    const auto flags = [&](uint64_t seed) {
      Rng rng(mix_seed(1, seed));
      std::vector<double> values(300);
      for (double& value : values) value = rng.uniform() < p;
      return values;
    };
    for (const Kind kind : {Kind::betting, Kind::present, Kind::bernstein})
      EXPECT_LE(sequences_that_miss(600, p, 0, kind, flags), most_missed) << p;
  }
  const auto graded = [](uint64_t seed) {
    Rng rng(mix_seed(2, seed));
    std::vector<double> values(300);
    for (double& value : values) value = std::pow(rng.uniform(), 2);
    return values;
  };
  for (const Kind kind : {Kind::betting, Kind::present, Kind::bernstein})
    EXPECT_LE(sequences_that_miss(600, 1.0 / 3, 0, kind, graded), most_missed);
}

TEST(ConfidenceSequence, HoldsTheMeanOfAPoolDrawnWithoutReplacement) {
  std::vector<double> pool(400);
  for (size_t i = 0; i < pool.size(); ++i) pool[i] = i < 60 ? 1 : i < 120 ? 0.5 : 0;
  const auto draw = [&](uint64_t seed) {
    Rng rng(mix_seed(3, seed));
    std::vector<double> values = pool;
    rng.shuffle(values);
    values.resize(300);
    return values;
  };
  EXPECT_LE(sequences_that_miss(600, mean(pool), 400, Kind::betting, draw), most_missed);
}

TEST(ConfidenceSequence, AFixedTimeIntervalWouldMissTooOften) {
  // The same looks with Wilson's interval: that the tests above can fail.
  int missed = 0;
  for (uint64_t round = 0; round < 600; ++round) {
    Rng rng(mix_seed(4, round));
    int64_t hits = 0;
    bool ever = false;
    for (int64_t n = 1; n <= 300; ++n) {
      hits += rng.uniform() < 0.3;
      const Estimate e = wilson_interval(hits, n, 0.9);
      ever = ever || e.ci_low > 0.3 || e.ci_high < 0.3;
    }
    missed += ever;
  }
  EXPECT_GT(missed, 2 * most_missed);
}

TEST(ConfidenceSequence, NarrowsWithValuesAndWithAPoolThatRunsOut) {
  Rng rng(7);  // A draw that the intervals hold, as 19 of 20 do.
  std::vector<double> values(500);
  for (double& value : values) value = rng.uniform() < 0.1;
  const std::vector<size_t> looks = {10, 50, 100, 200, 500};
  const auto open = betting_sequence(values, looks);
  const auto closed = betting_sequence(values, looks, 0.95, 500);
  for (size_t i = 0; i < looks.size(); ++i) {
    EXPECT_LE(open[i].ci_low, open[i].value);
    EXPECT_LE(open[i].value, open[i].ci_high);
    EXPECT_LE(closed[i].ci_high - closed[i].ci_low, open[i].ci_high - open[i].ci_low + 1e-9);
    if (i == 0) continue;
    EXPECT_GE(open[i].ci_low, open[i - 1].ci_low - 1e-9);
    EXPECT_LE(open[i].ci_high, open[i - 1].ci_high + 1e-9);
  }
  // Every row of the pool is known.
  EXPECT_NEAR(closed.back().ci_low, mean(values), 1e-9);
  EXPECT_NEAR(closed.back().ci_high, mean(values), 1e-9);
  // At 500 values: at most 1.8 times as wide as Wilson's, which holds at one look only.
  int64_t hits = 0;
  for (const double value : values) hits += value != 0;
  const Estimate wilson = wilson_interval(hits, 500);
  EXPECT_LT(open.back().ci_high - open.back().ci_low, 1.8 * (wilson.ci_high - wilson.ci_low));
  const Estimate bernstein = empirical_bernstein_interval(values);
  EXPECT_GT(bernstein.ci_high - bernstein.ci_low, open.back().ci_high - open.back().ci_low);
}

// A mean that rises while values come in: what the early ones ruled out holds by the end.
TEST(ConfidenceSequence, ThePresentOneHoldsTheMeanOfValuesThatDrift) {
  int left = 0;  // What it is there for.
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Rng rng(mix_seed(8, seed));
    std::vector<double> values(200);
    for (size_t i = 0; i < values.size(); ++i) values[i] = rng.uniform() < (i < 80 ? 0.5 : 0.95);
    const Estimate ever = betting_interval(values);
    const Estimate now = present_betting_interval(values);
    left += ever.ci_high < mean(values);
    EXPECT_EQ(now.value, mean(values));
    EXPECT_LT(now.ci_low, now.value);
    EXPECT_GT(now.ci_high, now.value);
    if (ever.ci_low == ever.ci_high) continue;  // Every mean was ruled out at some time.
    EXPECT_LE(now.ci_low, ever.ci_low + 1e-9);
    EXPECT_GE(now.ci_high, ever.ci_high - 1e-9);
  }
  EXPECT_GT(left, 40);
  EXPECT_EQ(present_betting_interval(std::vector<double>(5, 1.0)).ci_high, 1);
  EXPECT_EQ(present_betting_interval(std::vector<double>(5, 0.0)).ci_low, 0);
  EXPECT_THROW(present_betting_interval(std::vector<double>()), Error);
}

TEST(ConfidenceSequence, IsTheOneOfAGridOfMeans) {
  // The wealth of both sides for each mean of a grid, written out.
  Rng rng(6);
  std::vector<double> values(60);
  for (double& value : values) value = rng.uniform();
  const double limit = 2 / 0.05;
  double low = 1, high = 0, low_now = 1, high_now = 0;
  for (int at = 1; at < 2000; ++at) {
    const double m = at / 2000.0;
    std::vector<double> up(12, 1.0 / 12);
    std::vector<double> down = up;
    double most = 0, now = 0;
    for (const double x : values) {
      double all_up = 0;
      double all_down = 0;
      for (size_t j = 0; j < 12; ++j) {
        const double share = 0.95 * std::pow(0.5, j);
        up[j] *= 1 + share / m * (x - m);
        down[j] *= 1 - share / (1 - m) * (x - m);
        all_up += up[j];
        all_down += down[j];
      }
      now = std::max(all_up, all_down);
      most = std::max(most, now);
    }
    if (now < limit) {
      low_now = std::min(low_now, m);
      high_now = std::max(high_now, m);
    }
    if (most >= limit) continue;
    low = std::min(low, m);
    high = std::max(high, m);
  }
  const Estimate e = betting_interval(values);
  EXPECT_NEAR(e.ci_low, low, 1.0 / 2000);  // The grid's step.
  EXPECT_NEAR(e.ci_high, high, 1.0 / 2000);
  const Estimate present = present_betting_interval(values);
  EXPECT_NEAR(present.ci_low, low_now, 1.0 / 2000);
  EXPECT_NEAR(present.ci_high, high_now, 1.0 / 2000);
}

TEST(ConfidenceSequence, RefusesWhatCannotBe) {
  EXPECT_THROW(betting_interval({}), Error);
  EXPECT_THROW(betting_interval(std::vector<double>{1.5}), Error);
  EXPECT_THROW(betting_interval(std::vector<double>{NAN}), Error);
  EXPECT_THROW(betting_interval(std::vector<double>{1, 0}, 0.95, 1), Error);
  EXPECT_THROW(betting_interval(std::vector<double>{1}, 1), Error);
  EXPECT_THROW(betting_sequence(std::vector<double>{1}, std::vector<size_t>{2}), Error);
}

}  // namespace querist::metrics
