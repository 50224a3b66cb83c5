// A project whose learner is `auto`: what it came to is stored, told and replayed.
#include <gtest/gtest.h>

#include "app/oracle_fixture.h"
#include "loop/progress_report.h"
#include "storage/events.h"
#include "storage/models.h"

namespace querist::app {
namespace {

using loop::Bench;

// Points of four squares; the classes lie across, so that no line parts them.
NewExample crossed_point(int i) {
  Rng rng(mix_seed(21, static_cast<uint64_t>(i)));
  NewExample example;
  for (int d = 0; d < 3; ++d)
    example.payload.embedding.push_back(static_cast<float>(2 * rng.uniform() - 1));
  const auto& x = example.payload.embedding;
  example.label = (x[0] > 0) != (x[1] > 0) ? "spam" : "ham";
  return example;
}

std::vector<Event> choices_in_ledger(Bench& bench) {
  std::vector<Event> found;
  storage::EventQuery query{.project_id = bench.project().id, .limit = 1000};
  for (const Event& event : storage::events(bench.store(), query).items)
    if (event.kind == "learner_chosen") found.push_back(event);
  return found;
}

}  // namespace

TEST(AutoLearner, IsStoredToldAndReplayed) {
  Bench bench(Json{{"learner", "auto"}, {"strategy", "margin"}, {"batch_size", 15}});
  bench.add(PayloadKind::embedding, crossed_point, 0, 300);
  run_rounds(bench, 6);
  bench.reopen();
  run_rounds(bench, 4);
  const auto models = storage::models_in_order(bench.store(), bench.project().id);
  ASSERT_GE(models.size(), 8u);
  EXPECT_EQ(models[0].learner, "logistic_regression");
  EXPECT_NE(models.back().learner, "logistic_regression");

  size_t fresh = 0;
  int64_t looked_at = 0;
  for (const ModelVersion& model : models) {
    const Json& choice = model.data.at("learner_choice");
    EXPECT_EQ(choice["learner"], model.learner);
    const bool due = model.labels >= 20 && 2 * model.labels >= 3 * looked_at;
    EXPECT_EQ(choice["is_fresh"], due) << "at " << model.labels << " labels";
    if (due) looked_at = model.labels;
    fresh += due;
  }
  const auto events = choices_in_ledger(bench);
  ASSERT_EQ(events.size(), fresh);
  EXPECT_GE(fresh, 3u);
  EXPECT_TRUE(events[0].data["candidates"].is_array());
  EXPECT_EQ(models.at(static_cast<size_t>(events.back().data["version"]) - 1).labels,
            events.back().data["labels"]);

  const Json report = loop::progress_report(bench.store(), bench.project());
  EXPECT_EQ(report["learner_choice"]["learner"], models.back().learner);
  EXPECT_FALSE(report["learner_choice"]["sentence"].get<std::string>().empty());
  for (const auto& selection : bench.selections())
    EXPECT_TRUE(loop::replay(bench.workshop(), selection, bench.quiet()).identical);
}

TEST(AutoLearner, TakesOverFromANamedLearnerAndGivesWayToOne) {
  Bench bench(Json{{"learner", "forest(trees=20)"}, {"strategy", "margin"}});
  bench.add(PayloadKind::embedding, crossed_point, 0, 200);
  run_rounds(bench, 3);
  const auto newest = [&] { return *storage::latest_model(bench.store(), bench.project().id); };
  bench.turn();
  EXPECT_FALSE(newest().data.contains("learner_choice"));
  bench.set({{"learner", "auto"}});
  bench.turn(true);
  const ModelVersion taken = newest();
  EXPECT_EQ(taken.data["learner_choice"]["before"], "forest");
  bench.turn(true);
  EXPECT_EQ(newest().version, taken.version) << "the same labels choose the same";
  bench.set({{"learner", "naive_bayes"}});
  bench.turn(true);
  EXPECT_EQ(newest().learner, "naive_bayes");
  EXPECT_TRUE(loop::progress_report(bench.store(), bench.project())["learner_choice"].is_null());
}

}  // namespace querist::app
