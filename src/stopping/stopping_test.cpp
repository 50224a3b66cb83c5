// Each rule on histories made by hand, and the theorem behind stabilizing predictions.
#include "stopping/stopping.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "metrics/agreement.h"
#include "metrics/classification.h"

namespace querist::stopping {

static Advice ask(std::string_view rule, const History& history) {
  return decide(find(rule), history, Params(find(rule).params));
}

static ModelRecord model(size_t labels, size_t flipped, size_t size = 1000) {
  ModelRecord record{labels, std::vector<int32_t>(size)};
  for (size_t i = 0; i < size; ++i) record.predictions[i] = i % 2;
  for (size_t i = 0; i < flipped; ++i) record.predictions[i] ^= 1;
  return record;
}

TEST(StabilizingPredictions, StopsWhenThreeComparisonsAgree) {
  History history{
      .models = {model(20, 300), model(40, 4), model(60, 2), model(80, 2), model(100, 0)},
      .batch_size = 20};
  // 2, 0 and 2 of 1,000 answers differ: kappas .996, 1, .996.
  const Advice advice = ask("stabilizing_predictions", history);
  EXPECT_EQ(advice.verdict, Verdict::stop);
  EXPECT_NEAR(advice.value, (0.996 + 1 + 0.996) / 3, 1e-6);
  history.models.push_back(model(120, 100));
  EXPECT_EQ(ask("stabilizing_predictions", history).verdict, Verdict::continue_);
}

TEST(StabilizingPredictions, CannotTellBeforeTheWindowIsFull) {
  const History history{.models = {model(20, 0), model(40, 0), model(60, 0)}, .batch_size = 20};
  const Advice advice = ask("stabilizing_predictions", history);
  EXPECT_EQ(advice.verdict, Verdict::unknown);
  EXPECT_FALSE(advice.met);
  EXPECT_NE(advice.sentence.find("1 more batch."), std::string::npos);
  EXPECT_FALSE(ask("stabilizing_predictions", {}).met);
}

TEST(StabilizingPredictions, ComparesAtADistanceInLabelsNotInModels) {
  // A model a label: each differs from the one before by 1 answer in 1,000, but 50 labels change 50
  // answers.
  History history{.batch_size = 1};
  for (size_t labels = 600; labels <= 1000; ++labels)
    history.models.push_back(model(labels, labels - 600));
  const Advice advice = ask("stabilizing_predictions", history);
  EXPECT_EQ(advice.verdict, Verdict::continue_);
  EXPECT_NEAR(advice.value, 1 - 2 * 0.048, 0.005);  // 50, 48 and 46 answers apart.
  // The same with a distance of one batch only would have stopped.
  Params params(find("stabilizing_predictions").params);
  params.set("distance", 0.0);
  EXPECT_EQ(decide(find("stabilizing_predictions"), history, params).verdict, Verdict::stop);
}

TEST(StabilizingPredictions, IsNotFooledByAModelWithOneAnswer) {
  History history{.batch_size = 10};
  for (size_t labels = 10; labels <= 60; labels += 10) {
    history.models.push_back({labels, std::vector<int32_t>(500, 3)});
  }
  EXPECT_EQ(ask("stabilizing_predictions", history).verdict, Verdict::continue_);
}

TEST(StabilizingPredictions, BoundsTheChangeOfFAsTheTheoremSays) {
  // |F change| <= 4 (1 - T) / T wherever kappa >= T (Bloodgood and Grothendieck 2013), for any
  // truth.
  Rng rng(4);
  double closest = 1;
  for (int round = 0; round < 3000; ++round) {
    const double rate = 0.05 + 0.9 * rng.uniform();
    const double noise = 0.3 * rng.uniform() * rng.uniform();
    const double error = rng.uniform();
    std::vector<int32_t> truth;
    std::vector<int32_t> a;
    std::vector<int32_t> b;
    for (int i = 0; i < 200; ++i) {
      truth.push_back(rng.uniform() < rate);
      a.push_back(rng.uniform() < error ? rng.uniform() < rate : truth.back());
      // Changes that all help or all harm are the worst case.
      b.push_back(rng.uniform() < noise ? 1 - truth.back() : a.back());
    }
    const double kappa = metrics::cohen_kappa(a, b);
    if (kappa <= 0.1) continue;
    const double before = metrics::class_scores(truth, a, 2)[1].f1;
    const double after = metrics::class_scores(truth, b, 2)[1].f1;
    const double bound = 4 * (1 - kappa) / kappa;
    EXPECT_LE(std::abs(after - before), bound + 1e-12);
    closest = std::min(closest, bound - std::abs(after - before));
  }
  EXPECT_LT(closest,
            0.2);  // The pairs come near enough to the bound for the check to mean something.
}

TEST(TargetReached, TrustsTheLowerBoundNotTheValue) {
  History history{.audit_labels = 100, .target = 0.9};
  history.audit = metrics::Estimate{0.93, 0.89, 0.96, "wilson"};
  Advice advice = ask("target_reached", history);
  EXPECT_EQ(advice.verdict, Verdict::continue_);
  EXPECT_NE(advice.sentence.find("may be reached"), std::string::npos) << advice.sentence;
  history.audit->ci_low = 0.9;
  advice = ask("target_reached", history);
  EXPECT_EQ(advice.verdict, Verdict::stop);
  EXPECT_EQ(advice.sentence,
            "The target of 90 of 100 is reached: the audit puts accuracy at 93 of 100 (90 to 96).");
  history.audit = metrics::Estimate{0.8, 0.7, 0.85, "wilson"};
  EXPECT_EQ(ask("target_reached", history).verdict, Verdict::continue_);
  history.audit_labels = 5;
  EXPECT_FALSE(ask("target_reached", history).met);
  history.audit.reset();
  EXPECT_FALSE(ask("target_reached", history).met);
  history.target = 0;
  EXPECT_FALSE(ask("target_reached", history).met);
}

TEST(BudgetSpent, CountsLabelsAgainstThePlan) {
  EXPECT_FALSE(ask("budget_spent", {.labels = 50}).met);
  EXPECT_EQ(ask("budget_spent", {.labels = 50, .budget = 51}).verdict, Verdict::continue_);
  EXPECT_EQ(ask("budget_spent", {.labels = 51, .budget = 51}).verdict, Verdict::stop);
}

TEST(PoolExhausted, StopsAtTheLastExample) {
  EXPECT_EQ(ask("pool_exhausted", {.labels = 9, .pool_left = 0}).verdict, Verdict::stop);
  EXPECT_EQ(ask("pool_exhausted", {}).verdict, Verdict::unknown);  // A project without examples.
  EXPECT_EQ(ask("pool_exhausted", {.pool_left = 1}).sentence, "One example has no label yet.");
  EXPECT_EQ(ask("pool_exhausted", {.pool_left = 7}).verdict, Verdict::continue_);
}

TEST(Advise, StopsForTheFirstReasonAndShowsAllEvidence) {
  History history{.labels = 100, .budget = 100, .pool_left = 500};
  Verdicts verdicts = advise(history);
  EXPECT_EQ(verdicts.verdict, Verdict::stop);
  EXPECT_EQ(verdicts.sentence, "You could stop now. You planned 100 labels and have given 100.");
  EXPECT_EQ(verdicts.evidence.size(), all().size());
  history.budget = 200;
  verdicts = advise(history);
  EXPECT_EQ(verdicts.verdict, Verdict::continue_);
  EXPECT_EQ(verdict_word(verdicts.verdict), "continue");
}

TEST(Advise, TakesARulesOwnSettings) {
  History history{.batch_size = 20, .pool_left = 10};
  for (const size_t labels : {20, 40, 60, 80}) history.models.push_back(model(labels, labels / 2));
  EXPECT_EQ(advise(history).verdict, Verdict::continue_);
  Params params(find("stabilizing_predictions").params);
  params.set("kappa", 0.9);
  EXPECT_EQ(advise(history, {{"stabilizing_predictions", params}}).verdict, Verdict::stop);
}

TEST(Advise, RefusesAHistoryThatCannotBe) {
  EXPECT_THROW(advise({.models = {model(40, 0), model(20, 0)}}), Error);
  EXPECT_THROW(advise({.models = {model(20, 0, 10), model(40, 0, 12)}}), Error);
  EXPECT_THROW(advise({.target = 1.5}), Error);
  EXPECT_THROW(advise({.audit = metrics::Estimate{0.5, std::nan(""), 1, ""}}), Error);
}

}  // namespace querist::stopping
