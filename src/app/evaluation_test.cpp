// Slices and groups of a project that was labelled and trained: kept with each version, computed
// again when asked for, and absent where nothing can be measured.
#include <gtest/gtest.h>

#include "app/oracle_fixture.h"
#include "loop/audit_sequence.h"
#include "loop/evaluation_report.h"
#include "loop/progress_report.h"
#include "storage/annotations.h"
#include "storage/models.h"

namespace querist::app {

using loop::Bench;

static NewExample grouped_text(int i) {
  NewExample example = loop::generated_text(i);
  example.group = i % 2 ? "odd" : "even";
  return example;
}

static Json labelled(Bench& bench, int rounds) {
  bench.add(PayloadKind::text, grouped_text, 0, 400);
  run_rounds(bench, rounds);
  bench.turn();
  return loop::progress_report(bench.store(), bench.project());
}

static Json report(Bench& bench, std::set<std::string> parts,
                   std::vector<std::string> columns = {}) {
  return loop::evaluation_report(bench.workshop(), bench.project(),
                                 {.parts = std::move(parts), .group_columns = std::move(columns)},
                                 bench.quiet());
}

static const Json settings = {{"batch_size", 40}, {"audit_share", 0.5}, {"group_columns", "group"}};

TEST(Evaluation, KeepsSlicesAndGroupsWithEveryVersion) {
  Bench bench(settings);
  const Json progress = labelled(bench, 5);
  ASSERT_TRUE(progress["metrics"].is_object());
  EXPECT_FALSE(progress["metrics"].contains("slices"));  // It has a key of its own.
  EXPECT_EQ(progress["slices"]["audit_labels"], progress["metrics"]["audit_labels"]);
  EXPECT_GT(progress["slices"]["tested"], 0);
  EXPECT_EQ(progress["groups"][0]["column"], "group");
  const Json now = report(bench, {"slices", "groups", "leakage"});
  EXPECT_EQ(now["slices"], progress["slices"]);  // The same model on the same labels.
  EXPECT_EQ(now["groups"], progress["groups"]);
  const auto models = storage::models_in_order(bench.store(), bench.project().id);
  EXPECT_GE(models.size(), 4u);
  ASSERT_EQ(now["rounds"].size(), models.size());
  EXPECT_EQ(now["rounds"].back()["columns"][0]["gaps"][0]["metric"], "accuracy");
  EXPECT_EQ(now["leakage"]["test_rows"], now["audit_labels"]);
  EXPECT_EQ(now["leakage"]["findings"][0]["check"], "group_overlap");
}

TEST(Evaluation, HasScoresAndASequenceInTheOrderOfTheDraw) {
  Bench bench(settings);
  const Json progress = labelled(bench, 5);
  const Json& metrics = progress["metrics"];
  const Json& sequence = metrics["confidence_sequence"];
  EXPECT_EQ(sequence["audit_labels"], metrics["audit_labels"]);
  EXPECT_EQ(sequence["value"], metrics["accuracy"]["value"]);
  EXPECT_LT(sequence["low"].get<double>(), metrics["accuracy"]["ci_low"].get<double>());

  const Json now = report(bench, {"scores"});  // The same model on the same labels.
  EXPECT_EQ(now["scores"]["f1_micro"], metrics["accuracy"]);
  EXPECT_NEAR(now["scores"]["log_loss"]["value"].get<double>(), metrics["log_loss"].get<double>(),
              1e-6);
  EXPECT_EQ(now["gate"]["test"], "mcnemar_exact");

  const auto audit = storage::labels(bench.store(), bench.project().id, storage::LabelUse::audit);
  loop::NumberedLabels numbers;
  for (const Labelled& label : audit) numbers.rows.push_back(label.row);
  std::map<int64_t, int64_t> selection_of;
  for (const auto& selection : bench.selections())
    for (const SelectionItem& item : selection.items)
      if (item.audit) selection_of[item.row] = selection.id;
  const auto order = loop::draw_order(bench.store(), bench.project(), numbers);
  ASSERT_EQ(order.size(), audit.size());
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));  // Rows are not drawn in their order.
  for (size_t i = 1; i < order.size(); ++i)
    EXPECT_LE(selection_of.at(numbers.rows[order[i - 1]]), selection_of.at(numbers.rows[order[i]]));
}

TEST(Evaluation, TakesSlicesOverUntilATenthMoreAuditLabelsHaveCome) {
  Bench bench(settings);
  labelled(bench, 4);
  const auto newest = [&] { return *storage::latest_model(bench.store(), bench.project().id); };
  const auto next = [&](const Json& changed) {  // Answers the open batch, trains, chooses the next.
    bench.set(changed);
    run_rounds(bench, 1);
    bench.turn();
    return newest();
  };
  const ModelVersion before = next({{"audit_share", 0}, {"batch_size", 20}});
  const auto audited = before.metrics["slices"]["audit_labels"].get<int64_t>();
  EXPECT_EQ(before.metrics["audit_labels"], audited) << "the open batch had its share";
  const ModelVersion same = next({{"audit_share", 0.5}, {"batch_size", 40}});
  ASSERT_GT(same.version, before.version);
  EXPECT_EQ(same.metrics["slices"], before.metrics["slices"]);
  EXPECT_EQ(same.metrics["groups"], before.metrics["groups"]);
  const ModelVersion other = next({{"audit_share", 0}, {"group_columns", "class"}});
  EXPECT_EQ(other.metrics["slices"]["audit_labels"], other.metrics["audit_labels"]);
  EXPECT_EQ(other.metrics["groups"][0]["column"], "class");
  const ModelVersion asked = next({{"group_columns", "group"}});
  ASSERT_GT(asked.version, other.version);
  EXPECT_EQ(asked.metrics["audit_labels"], other.metrics["audit_labels"]);
  EXPECT_EQ(asked.metrics["groups"][0]["column"], "group") << "nothing but the column is new";
}

TEST(Evaluation, ReadsProjectsWhoseMetricsHaveNoSlices) {
  Bench bench(settings);
  labelled(bench, 3);
  const auto newest = storage::latest_model(bench.store(), bench.project().id);
  Json before = newest->metrics;  // As older builds stored it.
  before.erase("slices");
  before.erase("groups");
  storage::set_model_metrics(bench.store(), bench.project().id, newest->version, before, "ada");
  const Json progress = loop::progress_report(bench.store(), bench.project());
  EXPECT_TRUE(progress["slices"].is_null());
  EXPECT_TRUE(progress["groups"].is_null());
  EXPECT_TRUE(report(bench, {"slices"})["slices"].is_object());
  EXPECT_EQ(report(bench, {"groups"})["rounds"].size() + 1,
            storage::models_in_order(bench.store(), bench.project().id).size());
}

TEST(Evaluation, SaysWhyItKnowsNothing) {
  Bench bench;
  bench.add_texts(0, 30);
  EXPECT_NE(report(bench, {"slices"})["reason"].get<std::string>().find("no model yet"),
            std::string::npos);
  EXPECT_TRUE(report(bench, {"slices"})["slices"].is_null());
  bench.set({{"audit_share", 0}});
  run_rounds(bench, 1);
  bench.turn();
  EXPECT_NE(report(bench, {"slices"})["reason"].get<std::string>().find("no audit example"),
            std::string::npos);
}

TEST(Evaluation, GroupsNeedAColumn) {
  Bench bench({{"batch_size", 40}, {"audit_share", 0.5}});
  labelled(bench, 2);
  EXPECT_THROW(report(bench, {"groups"}), Error);
  EXPECT_THROW(report(bench, {"groups"}, {"sex"}), Error);
  EXPECT_EQ(report(bench, {"groups"}, {"class", "group"})["groups"].size(), 2u);
}

}  // namespace querist::app
