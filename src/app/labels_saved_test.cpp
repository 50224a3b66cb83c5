// Labels saved in a project: when they are estimated, what is kept, what progress and status say.
#include <gtest/gtest.h>

#include "app/oracle_fixture.h"
#include "loop/progress_report.h"
#include "storage/models.h"

namespace querist::app {

using loop::Bench;

static Json settings(const Json& more = Json::object()) {
  Json all = {{"strategy", "margin"}, {"batch_size", 60}, {"audit_share", 0.25}};
  all.update(more);
  return all;
}

static Json report(Bench& bench) { return loop::progress_report(bench.store(), bench.project()); }

TEST(ProjectLabelsSaved, ComesWithTheFiftiethAuditLabelAndIsKeptUntilATenthMoreHaveCome) {
  Bench bench(settings());
  bench.add_texts(0, 900);
  run_rounds(bench, 3);
  bench.turn();
  Json progress = report(bench);
  EXPECT_TRUE(progress["labels_saved"].is_null());
  EXPECT_EQ(progress["labels_saved_reason"], "45 of 50 audit labels yet");
  answer(bench);
  bench.turn();
  const auto first = *storage::latest_model(bench.store(), bench.project().id);
  const Json saved = first.data["labels_saved"];
  EXPECT_EQ(saved["audit_labels"], 60);
  EXPECT_EQ(saved["training_labels"], 180);
  EXPECT_EQ(saved["labels"], 60);
  EXPECT_EQ(saved["learner"], "logistic_regression");
  answer(bench);
  bench.set({{"audit_share", 0}, {"batch_size", 10}});
  run_rounds(bench, 1);
  bench.turn();
  const auto later = *storage::latest_model(bench.store(), bench.project().id);
  EXPECT_GT(later.version, first.version);
  EXPECT_EQ(later.data["labels_saved"]["audit_labels"], 75) << "more than a tenth more";
  run_rounds(bench, 1);
  bench.turn();
  const auto last = *storage::latest_model(bench.store(), bench.project().id);
  EXPECT_GT(last.version, later.version);
  EXPECT_EQ(last.data["labels_saved"], later.data["labels_saved"]) << "no audit labels more";
  bench.set({{"labels_saved", false}});
  progress = report(bench);
  EXPECT_TRUE(progress["labels_saved"].is_null());
  EXPECT_EQ(progress["labels_saved_reason"], "the setting labels_saved is off");
  run_rounds(bench, 2);
  EXPECT_FALSE(
      storage::latest_model(bench.store(), bench.project().id)->data.contains("labels_saved"));
}

TEST(ProjectLabelsSaved, IsTheSameForTheSameProjectAndToldInWords) {
  const auto saved = [] {
    Bench bench(settings());
    bench.add_texts(0, 900);
    run_rounds(bench, 5);
    const Json progress = report(bench);
    const Json& json = progress["labels_saved"];
    EXPECT_NE(json.is_null(), progress["labels_saved_reason"].is_null());
    if (json.is_object()) {
      EXPECT_TRUE(json["sentence"].is_string());
      EXPECT_TRUE(json["back_test"]["sentence"].is_string());
    }
    return storage::latest_model(bench.store(), bench.project().id)->data["labels_saved"];
  };
  const Json once = saved();
  ASSERT_TRUE(once.is_object());
  EXPECT_EQ(once, saved());
}

TEST(ProjectLabelsSaved, IsNotKnownOfModelsFromBeforeItOrOnceFinalised) {
  Bench bench(settings({{"labels_saved", false}}));
  bench.add_texts(0, 900);
  run_rounds(bench, 5);
  bench.set({{"labels_saved", true}});
  EXPECT_EQ(report(bench)["labels_saved_reason"], "it comes with the next training");
  storage::change_project(bench.store(), "p", {.finalised = true, .reason = "done"}, "ada");
  bench.turn(true);
  EXPECT_EQ(report(bench)["labels_saved_reason"],
            "the project is finalised: its audit labels are trained on");
}

}  // namespace querist::app
