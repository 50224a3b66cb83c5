// Crossings in closed form, means with a proxy by hand, and intervals that hold as often as they
// say on learners whose law is known.
#include "metrics/labels_to_match.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "metrics/intervals.h"

namespace querist::metrics {

using Values = std::vector<double>;

TEST(LabelsToMatch, CrossesZeroWhereTheLogarithmSays) {
  const Values labels = {10, 20, 40, 80};
  EXPECT_NEAR(falls_to_zero(labels, {0.3, 0.1, -0.1, -0.2}).labels, std::sqrt(20.0 * 40), 1e-9);
  EXPECT_EQ(falls_to_zero(labels, {0.3, 0.0, -0.1, -0.2}).labels, 20);
  // 0.1 and 0.3 are pooled to 0.2, as far above zero as -0.2 lies below.
  const Crossing pooled = falls_to_zero(labels, {0.1, 0.3, -0.2, -0.2});
  EXPECT_NEAR(pooled.labels, 20 * std::pow(2, 0.5), 1e-9);
  EXPECT_EQ(pooled.beyond, 0);
  EXPECT_EQ(falls_to_zero(labels, {0.3, 0.2, 0.1, 0.05}).beyond, 1);
  EXPECT_EQ(falls_to_zero(labels, {0.3, 0.2, 0.1, 0.05}).labels, 80);
  EXPECT_EQ(falls_to_zero(labels, {-0.1, -0.2, -0.2, -0.2}).beyond, -1);
  EXPECT_THROW(falls_to_zero(labels, {0.1}), Error);
}

TEST(LabelsToMatch, CarriesAProxyOverAndCorrectsIt) {
  ErrorDifferences errors;
  errors.labels = {10};
  errors.measured = {{1, 0, 0, 1}};
  errors.proxy = {{1, 0, 0, 1}};
  errors.unlabeled = {Values(4'000, 0.25)};
  errors.deviations = {0};
  const auto same = powered_differences(errors, 1, 10);
  EXPECT_NEAR(same.weight, 1 / (1 + 4.0 / 4'000), 1e-12);
  EXPECT_NEAR(same.means[0], (1 - same.weight) * 0.5 + same.weight * 0.25, 1e-12);
  errors.proxy = {{0, 0, 1, 1}};  // Says nothing of the measured ones.
  const auto other = powered_differences(errors, 1, 10);
  EXPECT_NEAR(other.weight, 0, 1e-12);
  EXPECT_NEAR(other.means[0], 0.5, 1e-12);
  errors.unlabeled = {{}};
  EXPECT_EQ(powered_differences(errors, 1, 10).weight, 0);
  errors.measured = {{1, 0}};
  EXPECT_THROW(powered_differences(errors, 1, 10), Error);
}

// Errors fall as n^-0.5 and the models to match err as at 100 labels: the answer is 100. Whether a
// model errs on a row is a matter of the row's own number in [0, 1), as it is with real models,
// most of whose errors are shared; the proxy is told by a model that errs on the rows below 0.03.
static LabelsToMatch drawn(uint64_t seed, size_t audit, bool with_proxy) {
  Rng rng(seed);
  const Values labels = {20, 30, 45, 67, 100, 150, 225, 340, 500};
  ErrorDifferences errors;
  errors.labels = labels;
  errors.measured.resize(labels.size());
  errors.proxy.resize(labels.size());
  errors.unlabeled.resize(labels.size());
  errors.deviations.assign(labels.size(), 0);
  for (size_t i = 0; i < audit + (with_proxy ? 1'000 : 0); ++i) {
    const double row = rng.uniform();
    const bool present = row < 0.03;
    // Half of the errors are the row's, half are each model's own.
    const auto errs = [&](double n) {
      const double rate = 1 / std::sqrt(n);
      return rng.uniform() < 0.5 ? row < rate : rng.uniform() < rate;
    };
    const bool matched = errs(100);
    for (size_t k = 0; k < labels.size(); ++k) {
      const bool wrong = errs(labels[k]);
      if (i >= audit) {
        errors.unlabeled[k].push_back((wrong != present) - (matched != present));
        continue;
      }
      errors.measured[k].push_back(wrong - matched);
      errors.proxy[k].push_back((wrong != present) - (matched != present));
    }
  }
  return labels_to_match(labels, powered_differences(errors, seed, 200), 0, seed);
}

static bool holds(const LabelsToMatch& found) {
  return (found.low_open || found.labels.ci_low <= 100) &&
         (found.high_open || found.labels.ci_high >= 100);
}

// 95 % of 200 are 190; fewer than 178 come once in 100,000 times where the interval is honest.
TEST(LabelsToMatch, HoldsTheKnownAnswerAndNarrowsWithTheProxy) {
  int with = 0, without = 0;
  double width_with = 0, width_without = 0;
  const auto width = [](const Estimate& e) { return std::log(e.ci_high / e.ci_low); };
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const auto plain = drawn(seed, 100, false);
    const auto powered = drawn(seed, 100, true);
    without += holds(plain);
    with += holds(powered);
    width_without += width(plain.labels);
    width_with += width(powered.labels);
  }
  EXPECT_GE(without, 178);
  EXPECT_GE(with, 178);
  EXPECT_LT(width_with, 0.8 * width_without);
}

// Two models that differ on 300 of 3,000 rows, the first wrong on `first_wrong` of these. Row by
// row, nine by choice for each by chance: `choose` differing rows first, else any. The proxy is
// right on four of five differing rows.
static ErrorDifferences chosen_and_drawn(uint64_t seed, bool choose, double& truth) {
  Rng rng(seed);
  const size_t all = 3'000, differing = 300, wanted = 100;
  Values measured(all), proxy(all);
  truth = 0;
  for (size_t i = 0; i < differing; ++i) {
    measured[i] = i < 200 ? 1 : -1;
    proxy[i] = rng.uniform() < 0.8 ? measured[i] : -measured[i];
    truth += measured[i] / static_cast<double>(all);
  }
  std::vector<size_t> open(all);
  for (size_t i = 0; i < all; ++i) open[i] = i;
  rng.shuffle(open);
  const auto take = [&](auto at) {
    const size_t row = *at;
    open.erase(at);
    return row;
  };
  ErrorDifferences errors;
  errors.labels = {10};
  errors.measured.resize(1);
  errors.proxy.resize(1);
  errors.unlabeled.resize(1);
  errors.known.resize(1);
  errors.deviations = {0};
  std::vector<size_t> known;
  Values known_after;
  const double judged = static_cast<double>(all - wanted);
  for (size_t a = 0; a < wanted; ++a) {
    const size_t row = take(open.begin() + static_cast<long>(rng.below(open.size())));
    errors.measured[0].push_back(measured[row]);
    errors.proxy[0].push_back(proxy[row]);
    errors.stands_for.push_back(1 - static_cast<double>(known.size()) / judged);
    for (int i = 0; i < 9; ++i) {
      const auto differs =
          std::find_if(open.begin(), open.end(), [&](size_t other) { return other < differing; });
      known.push_back(take(choose && differs != open.end() ? differs : open.begin()));
      known_after.push_back(static_cast<double>(a + 1) / static_cast<double>(wanted));
    }
  }
  for (const size_t row : open) errors.unlabeled[0].push_back(proxy[row]);
  errors.known[0].resize(open.size());
  errors.known_shares.resize(open.size());
  for (size_t k = 0; k < known.size(); ++k) {
    errors.unlabeled[0].push_back(proxy[known[k]]);
    errors.known[0].push_back(measured[known[k]]);
    errors.known_shares.push_back(1 - known_after[k]);
  }
  return errors;
}

// Means of 400 repeats lie within four of their standard errors (once in 15,000 times beyond). The
// unlabelled rows that are left, without what was chosen from them, miss the truth by a third.
TEST(LabelsToMatch, CountsWhatWasChosenByItsLabels) {
  for (const bool choose : {true, false}) {
    Values with, left;
    double truth = 0;
    for (uint64_t seed = 0; seed < 400; ++seed) {
      auto errors = chosen_and_drawn(seed, choose, truth);
      with.push_back(powered_differences(errors, seed, 1).means[0]);
      errors.unlabeled[0].resize(errors.unlabeled[0].size() - 900);
      errors.known.clear();
      errors.known_shares.clear();
      errors.stands_for.clear();
      left.push_back(powered_differences(errors, seed, 1).means[0]);
    }
    const auto standard_error = [](const Values& values) {
      return standard_deviation(values) / std::sqrt(400.0);
    };
    EXPECT_NEAR(mean(with), truth, 4 * standard_error(with)) << choose;
    if (choose) {
      EXPECT_LT(mean(left), 0.67 * truth);
    }
  }
}

TEST(LabelsToMatch, RefusesKnownErrorsThatDoNotMatch) {
  double truth = 0;
  auto errors = chosen_and_drawn(1, true, truth);
  errors.known[0].pop_back();
  EXPECT_THROW(powered_differences(errors, 1, 10), Error);
  errors = chosen_and_drawn(1, true, truth);
  errors.stands_for.pop_back();
  EXPECT_THROW(powered_differences(errors, 1, 10), Error);
}

TEST(LabelsToMatch, SaysWhichEndIsOpen) {
  PoweredDifferences never;
  never.means = {0.3, 0.2};
  never.resampled = {{0.3, 0.2}, {0.2, 0.1}};
  const Values labels = {10, 20};
  const auto found = labels_to_match(labels, never, 0, 1);
  EXPECT_TRUE(found.high_open);
  EXPECT_TRUE(found.value_open);
  EXPECT_FALSE(found.low_open);
  EXPECT_EQ(found.labels.value, 20);
  EXPECT_THROW(labels_to_match(labels, {}, 0, 1), Error);
}

// 1,000 resamples of which 25 never fall: 25 are also what an interval of 95 % leaves out above,
// and the one that would be its end is the first of them.
TEST(LabelsToMatch, LeavesAnEndOpenWhoseResampleLiesBeyond) {
  PoweredDifferences few;
  few.means = {-0.1, -0.2};
  few.resampled.assign(975, {-0.1, -0.2});
  few.resampled.resize(1'000, {0.2, 0.1});
  EXPECT_TRUE(labels_to_match(Values{79, 5'000}, few, 0, 1).high_open);
  few.resampled.back() = {-0.1, -0.2};
  const auto closed = labels_to_match(Values{79, 5'000}, few, 0, 1);
  EXPECT_FALSE(closed.high_open);
  EXPECT_EQ(closed.labels.ci_high, 79);
}

// On curves that hardly fall, whose resamples lie at both ends and anywhere between.
TEST(LabelsToMatch, HoldsTheIntervalsOfLessConfidence) {
  const Values labels = {4, 8, 16, 32, 64};
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    Rng rng(seed);
    PoweredDifferences flat;
    const double start = 0.3 * rng.normal();
    const double fall = 0.1 * rng.uniform();
    for (size_t b = 0; b < 101; ++b) {
      auto& means = b ? flat.resampled.emplace_back() : flat.means;
      const double shift = start + rng.normal();
      for (size_t k = 0; k < labels.size(); ++k)
        means.push_back(shift - fall * static_cast<double>(k) + 0.1 * rng.normal());
    }
    double low = 1e9, high = 0;
    for (const double level : {0.5, 0.8, 0.9, 0.95, 0.99}) {
      const auto found = labels_to_match(labels, flat, 0.2, seed, level);
      const double ends[] = {found.low_open ? 0 : found.labels.ci_low,
                             found.high_open ? 1e9 : found.labels.ci_high};
      EXPECT_TRUE(ends[0] <= low && ends[1] >= high) << "seed " << seed << ", level " << level;
      EXPECT_TRUE(found.low_open || ends[0] <= found.labels.value);
      EXPECT_TRUE(found.high_open || ends[1] >= found.labels.value);
      low = ends[0];
      high = ends[1];
    }
  }
}

// What else the logarithm may be off by widens a sure crossing to its own 95 %.
TEST(LabelsToMatch, WidensByWhatElseIsNotKnown) {
  PoweredDifferences sure;
  sure.means = {0.3, -0.3};
  sure.resampled.assign(2'000, {0.3, -0.3});
  const auto found = labels_to_match(Values{1, 10'000}, sure, 0.2, 1);
  EXPECT_NEAR(std::log(found.labels.ci_high / 100), 0.392, 0.03);  // 1.96 * 0.2.
  EXPECT_NEAR(std::log(found.labels.ci_low / 100), -0.392, 0.03);
}

}  // namespace querist::metrics
