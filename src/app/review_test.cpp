// A review from end to end: what its random part says, beside a count by hand over the selections.
#include <gtest/gtest.h>

#include <cmath>

#include "app/oracle_fixture.h"
#include "loop/progress_report.h"
#include "loop/stopping_history.h"
#include "storage/models.h"

namespace querist::app {

using loop::Bench;

static const Json certainty = {{"strategy", "certainty"}, {"batch_size", 20}, {"audit_share", 0.2}};

static bool is_spam(Bench& bench, const SelectionItem& item) {
  return storage::example(bench.store(), bench.project().id, item.example_id).label == "spam";
}

// Counts as a person would: selection after selection, the audit examples first.
static stopping::Review by_hand(Bench& bench) {
  stopping::Review review{"spam", {}, {}};
  int64_t found = 0;
  for (const StoredSelection& selection : bench.selections()) {
    int64_t remaining = selection.pool_size;
    for (const bool audit : {true, false}) {
      for (const SelectionItem& item : selection.items) {
        if (item.audit != audit || !item.done) continue;
        const bool relevant = is_spam(bench, item);
        if (audit) review.draws.push_back({found, remaining--, relevant});
        found += relevant;
      }
    }
  }
  const Counts counts = bench.project().counts;
  review.now = {found, counts.unlabeled + counts.leased};
  return review;
}

static void expect_same(const stopping::Review& review, const stopping::Review& hand) {
  EXPECT_EQ(review.relevant, hand.relevant);
  EXPECT_EQ(review.now.found, hand.now.found);
  EXPECT_EQ(review.now.unread, hand.now.unread);
  ASSERT_EQ(review.draws.size(), hand.draws.size());
  for (size_t i = 0; i < hand.draws.size(); ++i) {
    EXPECT_EQ(review.draws[i].known, hand.draws[i].known) << i;
    EXPECT_EQ(review.draws[i].remaining, hand.draws[i].remaining) << i;
  }
  // Within a selection the draws come in the order of their answers, which is any.
  int64_t relevant = 0;
  for (const auto& draw : review.draws) relevant += draw.relevant;
  for (const auto& draw : hand.draws) relevant -= draw.relevant;
  EXPECT_EQ(relevant, 0);
}

static Json evidence(Bench& bench, std::string_view name) {
  const Json report = loop::progress_report(bench.store(), bench.project());
  for (const Json& one : report["stop"]["evidence"]) {
    if (one["name"] == name) return one;
  }
  return nullptr;
}

TEST(Review, CountsItsRandomPart) {
  Bench bench(certainty);
  bench.add_texts(0, 200);
  run_rounds(bench, 4);
  const auto review = loop::review_of(bench.store(), bench.project());
  ASSERT_TRUE(review.has_value());
  EXPECT_EQ(review->draws.size(), 16u);
  expect_same(*review, by_hand(bench));
  EXPECT_TRUE(evidence(bench, "recall_interval")["met"].is_boolean());
  run_rounds(bench, 100);
  EXPECT_EQ(evidence(bench, "recall_interval")["met"], true) << "everything is read";
}

// The evidence is the rules' own answer at that recall, and a lower one is reached sooner.
TEST(Review, EndsAtTheRecallThatTheProjectWants) {
  Bench bench(certainty);
  bench.add_texts(0, 400);
  bench.set({{"audit_share", 0.5}});
  run_rounds(bench, 16);
  const auto models = storage::models_in_order(bench.store(), bench.project().id);
  const auto history = loop::stopping_history(bench.store(), bench.project(), models);
  const stopping::StoppingRule& rule = stopping::find("recall_interval");
  for (const double wanted : {0.3, 0.95, 1.0}) {
    bench.set({{"target_recall", wanted}});
    Params params(rule.params);
    params.set("recall", wanted);
    const auto advice = stopping::decide(rule, history, params);
    EXPECT_EQ(evidence(bench, "recall_interval")["sentence"], advice.sentence) << wanted;
  }
  bench.set({{"target_recall", 0.3}});
  EXPECT_EQ(evidence(bench, "recall_interval")["met"], true);
  bench.set({{"target_recall", nullptr}});
  EXPECT_EQ(evidence(bench, "recall_interval")["met"], false);
  const auto sentence = evidence(bench, "recall_interval")["sentence"].get<std::string>();
  EXPECT_NE(sentence.find("not surely 95 of 100"), std::string::npos) << sentence;
}

TEST(Review, WaitsForOpenAnswersAndForgetsASmallerPool) {
  Bench bench(certainty);
  bench.add_texts(0, 200);
  run_rounds(bench, 2);
  bench.turn();
  answer(bench, 17);
  bench.turn();  // A quarter is left: the next batch is drawn beside it.
  ASSERT_EQ(storage::open_selections(bench.store(), bench.project().id).size(), 2u);
  const auto review = loop::review_of(bench.store(), bench.project());
  ASSERT_TRUE(review.has_value());
  EXPECT_LE(review->draws.size(), 12u) << "none of the fourth selection";
  bench.add_texts(200, 260);
  EXPECT_TRUE(loop::review_of(bench.store(), bench.project())->draws.empty());
  EXPECT_TRUE(evidence(bench, "recall_interval")["met"].is_null());
}

// From 200 audit labels on shares are halved, but not where random draws alone are wanted.
TEST(Review, EndsWithRandomDrawsAlone) {
  Bench bench(certainty);
  bench.add_texts(0, 1'000);
  bench.set({{"audit_share", 1.0}});
  run_rounds(bench, 15);
  ASSERT_GT(bench.project().counts.audit, 250);
  EXPECT_TRUE(evidence(bench, "hypergeometric_recall")["met"].is_boolean());
  for (const double wanted : {0.95, 0.8}) {
    bench.set({{"target_recall", wanted}});
    const auto said = evidence(bench, "hypergeometric_recall")["sentence"].get<std::string>();
    EXPECT_NE(said.find(fmt::format("fewer than {:g} of 100 found", 100 * wanted)),
              std::string::npos)
        << said;
  }
}

TEST(Review, IsOnlyASearchForOneOfTwoClasses) {
  Bench bench(Json{{"strategy", "certainty(positive_class=0)"}});
  bench.add_texts(0, 50);
  EXPECT_EQ(loop::review_of(bench.store(), bench.project())->relevant, "ham");
  bench.set({{"strategy", "margin"}});
  EXPECT_FALSE(loop::review_of(bench.store(), bench.project()));
  EXPECT_TRUE(evidence(bench, "recall_interval")["met"].is_null());
}

// The same history, asked at two notches of the dial: the texts' answers have nearly settled.
TEST(History, SettlesAtTheProjectsKappa) {
  Bench bench(Json{{"batch_size", 10}, {"strategy", "random"}, {"stopping_kappa", 0.5}});
  bench.add_texts(0, 200);
  run_rounds(bench, 8);
  EXPECT_EQ(evidence(bench, "stabilizing_predictions")["met"], true);
  bench.set({{"stopping_kappa", 1.0}});
  EXPECT_EQ(evidence(bench, "stabilizing_predictions")["met"], false);
  const Json stop = loop::progress_report(bench.store(), bench.project())["stop"];
  EXPECT_EQ(stop["kappa"], 1.0);
  EXPECT_EQ(stop["dial"][0]["kappa"], 0.99);
}

// What progress says of the budget, the curve and the target, beside the history it was read from.
TEST(History, ForecastsTheTargetAndKeepsToTheBudget) {
  Bench bench(Json{{"batch_size", 20},
                   {"audit_share", 0.5},
                   {"strategy", "random"},
                   {"target", 0.9999},
                   {"budget", 240}});
  bench.add_texts(0, 400);
  EXPECT_EQ(evidence(bench, "budget_spent")["met"], false);
  Json stop = loop::progress_report(bench.store(), bench.project())["stop"];
  EXPECT_TRUE(stop["forecast"].is_null());
  EXPECT_TRUE(stop["target"]["law"].is_null());
  run_rounds(bench, 12);
  EXPECT_EQ(evidence(bench, "budget_spent")["met"], true);
  stop = loop::progress_report(bench.store(), bench.project())["stop"];
  EXPECT_EQ(stop["advice"], "stop");
  const Json& forecast = stop["forecast"];
  EXPECT_EQ(forecast["labels"], 100);
  EXPECT_EQ(forecast["gain"]["method"], forecast["law"]);
  EXPECT_EQ(forecast["held_out"].size(), 3u);
  const Json& test = forecast["back_test"];
  EXPECT_EQ(test["models"], 5);
  EXPECT_EQ(test["error"].get<double>(),
            std::abs(test["measured"].get<double>() - test["predicted"]["value"].get<double>()));
  EXPECT_EQ(stop["target"]["value"], 0.9999);
  EXPECT_EQ(stop["target"]["law"], forecast["law"]);
  bench.set({{"target", 0.0}});
  EXPECT_TRUE(loop::progress_report(bench.store(), bench.project())["stop"]["target"].is_null());
}

TEST(History, HoldsWhatTheModelsWrote) {
  Bench bench(Json{{"batch_size", 20},
                   {"audit_share", 0.5},
                   {"budget", 500},
                   {"seconds_per_label", 3},
                   {"cost_per_hour", 40},
                   {"value_per_point", 7}});
  bench.add_texts(0, 200);
  run_rounds(bench, 4);
  const Project project = bench.project();
  const auto models = storage::models_in_order(bench.store(), project.id);
  const auto history = loop::stopping_history(bench.store(), project, models);
  ASSERT_EQ(history.models.size(), models.size());
  for (size_t i = 0; i < models.size(); ++i) {
    const stopping::ModelRecord& record = history.models[i];
    EXPECT_EQ(record.predictions.size(), 200u);
    ASSERT_TRUE(record.entropy.has_value());
    EXPECT_GT(*record.entropy, 0);
    EXPECT_LE(*record.entropy, std::log(2.0) + 1e-6);
    ASSERT_TRUE(record.audit.has_value());
    EXPECT_EQ(record.audit->value, models[i].metrics["accuracy"]["value"].get<double>());
  }
  ASSERT_EQ(history.audit_shares.size(), 1u);
  const metrics::Share& share = history.audit_shares[0];
  EXPECT_EQ(static_cast<size_t>(share.trials), history.audit_labels);
  EXPECT_NEAR(static_cast<double>(share.successes) / static_cast<double>(share.trials),
              history.audit->value, 1e-12);
  EXPECT_EQ(history.seconds_per_label, 3.0);
  EXPECT_EQ(history.value_per_point, 7);
  EXPECT_EQ(history.budget, 500u);
  EXPECT_EQ(history.audit_share, 0.5);
  EXPECT_EQ(history.cost_per_hour, 40);
  EXPECT_TRUE(evidence(bench, "overall_uncertainty")["met"].is_boolean());
  bench.set({{"target_metric", "balanced_accuracy"}});
  const Project balanced = bench.project();
  EXPECT_EQ(loop::stopping_history(bench.store(), balanced, models).audit_shares.size(), 2u);
}

}  // namespace querist::app
