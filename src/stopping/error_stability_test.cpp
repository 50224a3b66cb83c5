// The bound against Lambert's W and against errors that are known exactly, and the ratio on
// sequences made for it.
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "stopping/parts/error_bound.h"
#include "stopping/rules_fixture.h"

namespace querist::stopping {

// exp(W((d - 1) / e) + 1) - 1 by scipy 1.16's lambertw, as the authors' program computes it; W
// itself loses digits near its branch point, so that small divergences have a wider tolerance.
TEST(ErrorBound, IsTheAuthorsByLambertsW) {
  const double golden[][3] = {
      {1e-6, 0.0014145468564852326, 1e-8}, {1e-3, 0.04505346520443543, 1e-10},
      {0.1, 0.47943271743322424, 1e-13},   {1, 1.718281828459045, 1e-13},
      {10, 7.174364667724811, 1e-13},      {1000, 224.99245278158662, 1e-13},
      {1e6, 95534.91276927617, 1e-13}};
  for (const auto& [divergence, r, tolerance] : golden)
    EXPECT_NEAR(error_bound(divergence) / r, 1, tolerance) << divergence;
}

TEST(ErrorBound, SolvesItsEquationAndRises) {
  double last = -1;
  for (double divergence = 0; divergence < 1e7; divergence = 1e-9 + 1.5 * divergence) {
    const double r = error_bound(divergence);
    EXPECT_GT(r, last);
    last = r;
    // Taylor's series where the equation itself cancels.
    const double left =
        r < 1e-3 ? r * r / 2 - r * r * r / 6 + r * r * r * r / 12 : (1 + r) * std::log1p(r) - r;
    EXPECT_NEAR(left, divergence, 1e-9 * divergence);
  }
  EXPECT_EQ(error_bound(0), 0);
  EXPECT_THROW(error_bound(-1e-9), Error);
  EXPECT_THROW(error_bound(NAN), Error);
  EXPECT_THROW(error_bound(INFINITY), Error);
}

static double below(double mean, double deviation, double cut) {
  return std::erfc((mean - cut) / (deviation * std::sqrt(2.0))) / 2;
}

// Two normals over one weight, and a prediction that is wrong where the weight lies below a cut:
// the expected error is a normal's distribution function, so the difference is exact. The bound is
// never below it, and says something (less than 1) for the nearer pairs.
TEST(ErrorBound, HoldsForTheErrorOfTwoNormals) {
  Rng rng(3);
  int telling = 0;
  for (int round = 0; round < 20'000; ++round) {
    const double means[2] = {rng.normal(), rng.normal()};
    const double deviations[2] = {0.2 + rng.uniform(), 0.2 + rng.uniform()};
    const double cut = 2 * rng.normal();
    const double ratio = deviations[1] * deviations[1] / (deviations[0] * deviations[0]);
    const double apart = (means[1] - means[0]) / deviations[0];
    const double divergence = std::max(0.0, (ratio - 1 - std::log(ratio) + apart * apart) / 2);
    const double change = below(means[1], deviations[1], cut) - below(means[0], deviations[0], cut);
    const double bound = error_bound(divergence);  // KL(second || first).
    EXPECT_LE(change, bound);
    telling += bound < 1;
  }
  EXPECT_GT(telling, 2000);
}

// Models a batch apart, each moved by that divergence both ways.
static History moving(const std::vector<double>& divergences) {
  History history;
  history.models.push_back({.labels = 20, .predictions = {0, 1}});
  for (const double divergence : divergences) {
    ModelRecord record{.labels = history.models.back().labels + 20, .predictions = {0, 1}};
    record.posterior_step = PosteriorStep{divergence, divergence};
    history.models.push_back(record);
  }
  return history;
}

static Advice ask_with(const History& history, double ratio, int64_t first, int64_t window) {
  Params params(find("error_stability").params);
  params.set("ratio", ratio);
  params.set("first_steps", first);
  params.set("window", window);
  return decide(find("error_stability"), history, params);
}

// Of bounds r the divergence is (1 + r) ln(1 + r) - r; the smallest of the first three is 4, and
// the following ones are shares of it.
TEST(ErrorStability, IsMetAtTheShareOfTheSmallestOfTheFirstSteps) {
  std::vector<double> divergences;
  for (const double r : {7.0, 4.0, 9.0, 3.0, 1.9, 0.9, 2.1, 0.3, 0.39}) {
    divergences.push_back((1 + r) * std::log1p(r) - r);
    const Advice advice = ask_with(moving(divergences), 0.5, 3, 1);
    if (divergences.size() <= 3) {
      EXPECT_EQ(advice.verdict, Verdict::unknown) << r;
      continue;
    }
    EXPECT_EQ(advice.met, r <= 2) << r;
    EXPECT_NEAR(advice.value, r / 4, 1e-12);
  }
  EXPECT_EQ(ask_with(moving(divergences), 0.1, 3, 2).met, true);
  EXPECT_EQ(ask_with(moving(divergences), 0.1, 3, 3).met, false) << "2.1 of 4 is among the three";
  EXPECT_EQ(ask_with(moving(divergences), 0.07, 3, 1).met, false);
  // By default 0.3 of the smallest of eleven: that share of a bound of 2 is 0.6.
  const double two = 3 * std::log(3.0) - 2, most = 1.6 * std::log(1.6) - 0.6;
  std::vector<double> long_way(11, two);
  EXPECT_FALSE(ask("error_stability", moving(long_way)).met.has_value());
  long_way.push_back(most * 1.001);
  EXPECT_EQ(ask("error_stability", moving(long_way)).met, false);
  long_way.back() = most * 0.999;
  const Advice advice = ask("error_stability", moving(long_way));
  EXPECT_EQ(advice.met, true);
  EXPECT_EQ(advice.sentence,
            "The bound on the change of the expected error in the last step is 0.3 of the smallest "
            "of the first 11 steps, not above the 0.3.");
}

TEST(ErrorStability, ReadsBothWays) {
  History history = moving({1, 1, 0.01});
  history.models.back().posterior_step = PosteriorStep{0.01, 1};
  EXPECT_EQ(ask_with(history, 0.5, 2, 1).met, false);
  history.models.back().posterior_step = PosteriorStep{1, 0.01};
  EXPECT_EQ(ask_with(history, 0.5, 2, 1).met, false);
  history.models.back().posterior_step = PosteriorStep{0.01, 0.01};
  EXPECT_EQ(ask_with(history, 0.5, 2, 1).met, true);
}

TEST(ErrorStability, BeginsAnewAfterAnotherLearner) {
  std::vector<double> divergences(6, 1.0);
  divergences.push_back(1e-4);
  History history = moving(divergences);
  EXPECT_EQ(ask_with(history, 0.5, 3, 1).met, true);
  history.models[4].posterior_step.reset();  // Three steps are left.
  EXPECT_EQ(ask_with(history, 0.5, 3, 1).verdict, Verdict::unknown);
  EXPECT_EQ(ask_with(history, 0.5, 2, 1).met, true);
  history.models.back().posterior_step.reset();
  const Advice advice = ask_with(history, 0.5, 2, 1);
  EXPECT_EQ(advice.verdict, Verdict::unknown);
  EXPECT_NE(advice.sentence.find("Does not apply"), std::string::npos);
}

// A model trained anew on the same labels, or on a few more, has hardly moved whatever it knows.
TEST(ErrorStability, LeavesOutModelsOfFewNewLabels) {
  History history = moving({1, 1, 1, 1});
  const Advice before = ask_with(history, 0.5, 3, 1);
  for (const size_t added : {0, 1, 9}) {
    ModelRecord record{.labels = history.models.back().labels + added, .predictions = {0, 1}};
    record.posterior_step = PosteriorStep{1e-9, 1e-9};
    history.models.push_back(record);
  }
  EXPECT_EQ(before.met, false);
  EXPECT_EQ(ask_with(history, 0.5, 3, 1).value, before.value);
  EXPECT_EQ(ask_with(history, 0.5, 3, 1).met, false);
}

TEST(ErrorStability, OnlyWhatDoesNotMoveIsSettledWhereNothingMovedAtFirst) {
  EXPECT_EQ(ask_with(moving({0, 0, 0}), 0.1, 2, 1).met, true);
  EXPECT_EQ(ask_with(moving({0, 0, 1}), 0.1, 2, 1).met, false);
}

TEST(ErrorStability, RefusesWhatIsNoDivergence) {
  for (const double wrong : {-1.0, std::nan(""), HUGE_VAL}) {
    EXPECT_THROW(ask("error_stability", moving({wrong})), Error);
    History history = moving({1});
    history.models.back().posterior_step = PosteriorStep{1, wrong};
    EXPECT_THROW(ask("error_stability", history), Error);
  }
}

// Evidence: the posterior settles whether or not the answers are good.
TEST(ErrorStability, DoesNotEndAProject) {
  std::vector<double> divergences(11, 1.0);
  divergences.push_back(1e-6);
  History history = moving(divergences);
  history.pool_left = 1000;
  for (size_t i = 0; i < history.models.size(); i += 2) history.models[i].predictions = {1, 0};
  const Verdicts verdicts = advise(history);
  EXPECT_EQ(verdicts.verdict, Verdict::continue_);
  const auto own = std::find_if(verdicts.evidence.begin(), verdicts.evidence.end(),
                                [](const Advice& a) { return a.name == "error_stability"; });
  ASSERT_NE(own, verdicts.evidence.end());
  EXPECT_EQ(own->met, true);
}

}  // namespace querist::stopping
