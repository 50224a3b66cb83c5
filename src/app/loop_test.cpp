// The loop from end to end: what is chosen, what is trained on, what is measured on, and when it
// ends.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "app/oracle_fixture.h"
#include "governance/ledger.h"
#include "loop/progress_report.h"
#include "storage/annotations.h"
#include "storage/cycles.h"
#include "storage/models.h"

namespace querist::app {

using loop::Bench;
using storage::LabelUse;

static int64_t audit_items(const StoredSelection& selection) {
  return std::count_if(selection.items.begin(), selection.items.end(),
                       [](const SelectionItem& item) { return item.audit; });
}

static size_t labels_when(Bench& bench, LabelUse use, const ModelVersion& model) {
  return storage::labels_as_of(bench.store(), bench.project().id, use, model.through_event).size();
}

static void expect_no_row_twice(Bench& bench) {
  std::set<int64_t> seen;
  for (const auto& rows : chosen_rows(bench)) {
    for (const int64_t row : rows) EXPECT_TRUE(seen.insert(row).second) << "row " << row;
  }
}

static void expect_every_model_proven(Bench& bench) {
  for (const ModelVersion& model : storage::models_in_order(bench.store(), bench.project().id)) {
    const auto lineage = governance::lineage(bench.store(), bench.project().id, model.version);
    EXPECT_TRUE(lineage.proven) << "version " << model.version;
    EXPECT_EQ(lineage.labels.size(), static_cast<size_t>(model.labels));
    for (const Labelled& label : lineage.labels) {
      EXPECT_TRUE(model.with_audit || !label.audit) << "version " << model.version;
    }
  }
  EXPECT_TRUE(governance::verify(bench.store()).valid);
}

TEST(Loop, ChoosesAFirstBatchBeforeThereIsAModel) {
  Bench bench;
  bench.add_texts(0, 200);
  const Cycle cycle = bench.turn();
  EXPECT_EQ(cycle.state, CycleState::awaiting_labels);
  EXPECT_FALSE(cycle.model_version.has_value());
  const auto selections = bench.selections();
  ASSERT_EQ(selections.size(), 1u);
  EXPECT_EQ(selections[0].items.size(), 10u) << "auto begins small";
  EXPECT_EQ(selections[0].pool_size, 200);
  EXPECT_FALSE(selections[0].items[0].prediction.has_value());
  EXPECT_EQ(bench.turn().id, cycle.id) << "it waits: a second turn changes nothing";
  EXPECT_EQ(bench.selections().size(), 1u);
}

TEST(Loop, BeginsWithAsManyAsThereAreClassesOrAsTheProjectSays) {
  const auto first_batch = [](Json settings, std::vector<std::string> classes) {
    Bench bench(settings);
    bench.add_texts(0, 200);
    storage::change_project(bench.store(), "p", {.classes = std::move(classes)}, "ada");
    bench.turn();
    return bench.selections().at(0).items.size();
  };
  std::vector<std::string> many = {"ham", "spam"};
  while (many.size() < 14) many.push_back(fmt::format("class {}", many.size()));
  EXPECT_EQ(first_batch(Json::object(), many), 14u);
  EXPECT_EQ(first_batch({{"batch_size", 20}}, {"ham", "spam"}), 20u);
  EXPECT_EQ(first_batch({{"strategy", "margin"}}, {"ham", "spam"}), 20u);
}

TEST(Loop, HalvesTheAuditShareOnceThereAreTwoHundredAuditLabels) {
  Bench bench(Json{{"batch_size", 50}, {"audit_share", 0.8}});
  bench.add_texts(0, 800);
  std::vector<int64_t> drawn;
  for (int round = 0; round < 7; ++round) {
    bench.turn();
    drawn.push_back(audit_items(bench.selections().back()));
    answer(bench);
  }
  EXPECT_EQ(drawn, (std::vector<int64_t>{40, 40, 40, 40, 40, 20, 20}));
  bench.reopen();
  for (const StoredSelection& selection : bench.selections()) {
    EXPECT_TRUE(loop::replay(bench.workshop(), selection, bench.quiet()).identical);
  }
}

TEST(Loop, LetsAnArbiterMoveItsWeightsAndKeepsTheEvidence) {
  Bench bench(Json{{"strategy", "arbiter(portfolio=(auto, random))"}, {"audit_share", 0.4}});
  bench.add_texts(0, 400);
  run_rounds(bench, 8);
  const auto selections = bench.selections();
  EXPECT_EQ(selections[0].strategy, "arbiter(portfolio=(auto:0.5000, random:0.5000))");
  const auto& last = selections.back();
  double weights = 0;
  for (const Json& arm : last.data["evidence"]) weights += arm["weight"].get<double>();
  EXPECT_NEAR(weights, 1, 1e-9);
  EXPECT_NE(last.data["evidence"][0]["score"].get<double>(), 0);
  EXPECT_NE(last.strategy, selections[0].strategy);
  const auto arms = last.data["arms"]["items"].get<std::vector<int32_t>>();
  ASSERT_EQ(arms.size(), last.items.size());
  for (size_t i = 0; i < arms.size(); ++i) EXPECT_EQ(arms[i] < 0, last.items[i].audit);
}

TEST(Loop, RefusesAProjectWithoutExamples) {
  Bench bench;
  EXPECT_THROW(bench.turn(), Error);
  bench.add_texts(0, 30);
  EXPECT_EQ(bench.turn().state, CycleState::awaiting_labels);
}

TEST(Loop, DrawsATenthOfEachBatchButAtLeastOneToMeasureWith) {
  Bench bench;
  bench.add_texts(0, 200);
  const std::vector<std::pair<int, int64_t>> sizes = {{20, 2}, {5, 1}, {14, 1}, {33, 3}, {50, 5}};
  for (const auto& [batch, audits] : sizes) {
    bench.set({{"batch_size", batch}});
    bench.turn();
    const auto selection = bench.selections().back();
    EXPECT_EQ(selection.items.size(), static_cast<size_t>(batch));
    EXPECT_EQ(audit_items(selection), audits) << "of " << batch;
    answer(bench);
  }
  bench.set({{"audit_share", 0}});
  bench.turn();
  EXPECT_EQ(audit_items(bench.selections().back()), 0);
}

// A tenth of one: one in ten batches is an audit; the others train.
TEST(Loop, MeasuresWithItsShareOfBatchesOfOneAndTrainsOnTheOthers) {
  Bench bench(Json{{"batch_size", 1}});
  bench.add_texts(0, 200);
  run_rounds(bench, 80);
  int64_t audits = 0;
  for (const auto& selection : bench.selections()) {
    ASSERT_EQ(selection.items.size(), 1u);
    if (audit_items(selection) == 0) continue;
    ++audits;
    EXPECT_NEAR(selection.items[0].propensity.value(),
                0.1 / static_cast<double>(selection.pool_size), 1e-12);
  }
  EXPECT_GE(audits, 2);  // 8 are expected: fewer than 2 or more than 17 once in a thousand seeds.
  EXPECT_LE(audits, 17);
  const auto newest = storage::latest_model(bench.store(), bench.project().id);
  ASSERT_TRUE(newest);
  EXPECT_GE(newest->labels, 80 - 1 - 17);
}

TEST(Loop, TrainsOnAllButTheAuditLabelsAndMeasuresOnThemAlone) {
  Bench bench(Json{{"batch_size", 20}});
  bench.add_texts(0, 200);
  run_rounds(bench, 6);
  const auto models = storage::models_in_order(bench.store(), bench.project().id);
  ASSERT_EQ(models.size(), 5u);
  for (const ModelVersion& model : models) {
    const size_t audit = labels_when(bench, LabelUse::audit, model);
    EXPECT_EQ(audit, 2 * static_cast<size_t>(model.version));
    EXPECT_EQ(static_cast<size_t>(model.labels) + audit, labels_when(bench, LabelUse::all, model));
    ASSERT_TRUE(model.metrics.is_object());
    EXPECT_EQ(model.metrics["audit_labels"], audit);
    EXPECT_EQ(model.metrics["model_version"], model.version);
  }
  expect_every_model_proven(bench);
  expect_no_row_twice(bench);
  const auto champion = storage::model_of_alias(bench.store(), bench.project().id, "champion");
  ASSERT_TRUE(champion.has_value());
  EXPECT_EQ(champion->version, 5) << "ten audit labels cannot hold a model back";
  EXPECT_TRUE(models.back().gate["passed"]);
  EXPECT_EQ(models.back().gate["against"], 4);
}

TEST(Loop, TrainsOnTheAuditLabelsOnceFinalisedAndMeasuresNoMore) {
  Bench bench;
  bench.add_texts(0, 200);
  run_rounds(bench, 3);
  storage::change_project(bench.store(), "p", {.finalised = true, .reason = "done"}, "ada");
  bench.turn();
  const auto model = storage::latest_model(bench.store(), bench.project().id);
  ASSERT_TRUE(model.has_value());
  EXPECT_TRUE(model->with_audit);
  EXPECT_EQ(model->labels, bench.project().counts.labeled);
  EXPECT_TRUE(model->metrics.is_null()) << "a label that was trained on measures nothing";
  const Json report = loop::progress_report(bench.store(), bench.project());
  EXPECT_NE(report["metrics_reason"].get<std::string>().find("finalised"), std::string::npos);
  expect_every_model_proven(bench);
  const auto champion = storage::model_of_alias(bench.store(), bench.project().id, "champion");
  EXPECT_EQ(champion->version, model->version);
}

TEST(Loop, ChoosesTheNextBatchWhenAQuarterIsLeft) {
  Bench bench(Json{{"batch_size", 20}});
  bench.add_texts(0, 200);
  const Cycle first = bench.turn();
  answer(bench, 14);
  EXPECT_EQ(bench.turn().id, first.id);
  answer(bench, 1);
  const Cycle second = bench.turn();
  EXPECT_NE(second.id, first.id);
  EXPECT_EQ(second.state, CycleState::awaiting_labels);
  EXPECT_EQ(storage::open_selections(bench.store(), bench.project().id).size(), 2u);
  EXPECT_EQ(answer(bench), 25);
  expect_no_row_twice(bench);
}

static void expect_run_to_the_end(Bench& bench, int64_t examples) {
  run_rounds(bench, 100);
  const Cycle last = bench.turn();
  EXPECT_EQ(last.state, CycleState::finished);
  EXPECT_EQ(bench.project().counts.labeled, examples);
  const auto models = storage::models_in_order(bench.store(), bench.project().id);
  ASSERT_FALSE(models.empty());
  EXPECT_EQ(models.back().labels + bench.project().counts.audit, examples);
  size_t chosen = 0;
  for (const auto& rows : chosen_rows(bench)) chosen += rows.size();
  EXPECT_EQ(chosen, static_cast<size_t>(examples));
  expect_no_row_twice(bench);
  expect_every_model_proven(bench);
  for (const ModelVersion& model : models) EXPECT_TRUE(model.metrics.is_object());
  const double accuracy = models.back().metrics["accuracy"]["value"];
  EXPECT_GT(accuracy, 0.6) << "the classes can be told apart";
}

TEST(Loop, EndsWhenEveryTextIsLabelled) {
  Bench bench;
  bench.add_texts(0, 210);
  expect_run_to_the_end(bench, 210);
}

TEST(Loop, EndsWhenEveryEmbeddingIsLabelled) {
  Bench bench(Json{{"batch_size", 45}});
  bench.add(PayloadKind::embedding, loop::generated_embedding, 0, 200);
  expect_run_to_the_end(bench, 200);
}

TEST(Loop, EndsWhenEveryTableRowIsLabelled) {
  Bench bench(Json{{"batch_size", 45}});
  bench.add(PayloadKind::columns, loop::generated_row, 0, 200);
  expect_run_to_the_end(bench, 200);
}

TEST(Loop, TrainsAgainForAClassThatWasAddedLater) {
  Bench bench;
  bench.add_texts(0, 100);
  run_rounds(bench, 2);
  bench.turn();
  const int64_t project_id = bench.project().id;
  const auto before = *storage::latest_model(bench.store(), project_id);
  bench.turn(true);
  EXPECT_EQ(storage::latest_model(bench.store(), project_id)->version, before.version)
      << "nothing new to learn from";
  storage::change_project(bench.store(), "p",
                          {.classes = std::vector<std::string>{"ham", "spam", "other"}}, "ada");
  bench.turn(true);
  const auto after = *storage::latest_model(bench.store(), project_id);
  EXPECT_EQ(after.version, before.version + 1);
  EXPECT_EQ(after.classes, (std::vector<std::string>{"ham", "spam", "other"}));
  EXPECT_EQ(after.label_hash, before.label_hash);
  EXPECT_EQ(bench.workshop().load_model(after.version).model->classes(), 3u);
  expect_no_row_twice(bench);
}

TEST(Loop, ChoosesTheSameForTheSameSeedAndOtherwiseForAnother) {
  const auto chosen = [](int seed) {
    Bench bench(Json{{"seed", seed}});
    bench.add_texts(0, 150);
    run_rounds(bench, 4);
    return chosen_rows(bench);
  };
  const auto first = chosen(7);
  EXPECT_EQ(first.size(), 4u);
  EXPECT_EQ(first, chosen(7));
  EXPECT_NE(first[0], chosen(8)[0]);
}

TEST(Loop, GoesOnAsBeforeWhenTheStoreIsOpenedAnew) {
  Bench steady, restless;
  for (Bench* bench : {&steady, &restless}) bench->add_texts(0, 150);
  for (int round = 0; round < 4; ++round) {
    run_rounds(steady, 1);
    run_rounds(restless, 1);
    restless.reopen();
  }
  EXPECT_EQ(chosen_rows(steady), chosen_rows(restless));
}

// A setting or an import may come between training and scoring, also from another thread.
TEST(Loop, TrainsAnewWhenTheFeaturesChangeUnderAModelMidCycle) {
  Bench bench;
  bench.add_texts(0, 60);
  run_rounds(bench, 1);
  Cycle cycle = storage::add_cycle(bench.store(), bench.project().id, "querist");
  cycle = loop::advance(cycle, bench.workshop(), bench.quiet());
  ASSERT_EQ(cycle.state, CycleState::scoring);
  ASSERT_EQ(cycle.model_version, 1);
  bench.add_texts(60, 240);  // Four times as many: the featurizer is fitted anew.
  EXPECT_EQ(bench.turn().state, CycleState::awaiting_labels);
  const auto model = storage::latest_model(bench.store(), bench.project().id);
  EXPECT_EQ(model->version, 2);
  EXPECT_EQ(model->featurizer_version, bench.workshop().featurizer_version());
  EXPECT_EQ(bench.selections().back().model_version, 2);
}

TEST(Loop, TrainsAnewWhenTheFeaturesChangeBeforeSelecting) {
  Bench bench;
  bench.add_texts(0, 60);
  run_rounds(bench, 1);
  Cycle cycle = storage::add_cycle(bench.store(), bench.project().id, "querist");
  while (cycle.state != CycleState::selecting) {
    cycle = loop::advance(cycle, bench.workshop(), bench.quiet());
  }
  bench.add_texts(60, 240);
  bench.reopen();
  EXPECT_EQ(bench.turn().state, CycleState::awaiting_labels);
  EXPECT_EQ(bench.selections().back().model_version, 2);
}

TEST(Loop, GoesOnWithoutModelsWhoseFilesAreDamaged) {
  Bench bench;
  bench.add_texts(0, 200);
  run_rounds(bench, 3);
  const auto before = storage::models_in_order(bench.store(), bench.project().id);
  ASSERT_FALSE(before.empty());
  const auto folder = bench.store().folder() / "models" / std::to_string(bench.project().id);
  std::filesystem::remove_all(folder);
  bench.reopen();
  bench.turn();
  answer(bench);
  bench.turn();
  const auto after = storage::models_in_order(bench.store(), bench.project().id);
  ASSERT_GT(after.size(), before.size());
  EXPECT_TRUE(bench.workshop().newest_model().model);
  const auto champion = storage::model_of_alias(bench.store(), bench.project().id, "champion");
  EXPECT_GT(champion->version, before.back().version) << "a model that can be read takes over";
  expect_every_model_proven(bench);
}

TEST(Loop, LeavesAloneWhatSomeoneSkippedUnasked) {
  Bench bench(Json{{"batch_size", 20}});
  bench.add_texts(0, 12);
  const auto skipped = storage::find_example_by_row(bench.store(), bench.project().id, 5);
  labelling::annotate(bench.store(), bench.project(),
                      {.example_id = skipped->id, .skip_reason = "broken"}, "ada");
  bench.turn();
  const auto chosen = chosen_rows(bench);
  EXPECT_EQ(std::count(chosen.at(0).begin(), chosen.at(0).end(), 5), 0);
  EXPECT_EQ(answer(bench), 11);
  EXPECT_EQ(bench.turn().state, CycleState::finished);
}

}  // namespace querist::app
