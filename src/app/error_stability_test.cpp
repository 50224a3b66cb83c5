// The posterior's steps in a project's loop: what is kept with a version, and what begins anew.
#include <gtest/gtest.h>

#include <cmath>

#include "app/oracle_fixture.h"
#include "loop/posterior_steps.h"
#include "loop/progress_report.h"
#include "loop/project_posterior_step.h"
#include "storage/annotations.h"
#include "storage/models.h"

namespace querist::app {

using loop::Bench;

static std::vector<ModelVersion> models(Bench& bench) {
  return storage::models_in_order(bench.store(), bench.project().id);
}

static loop::TrainedRows trained_rows(Bench& bench, const ModelVersion& version) {
  const Project project = bench.project();
  const auto labels =
      loop::numbered(storage::labels_as_of(bench.store(), project.id, storage::LabelUse::training,
                                           version.through_event),
                     project.classes, project.counts.examples);
  return {bench.workshop().load_model(version.version).plain, labels.rows, labels.ids, false};
}

static Json rule_of(const Json& report) {
  for (const Json& advice : report.at("stop").at("evidence")) {
    if (advice.at("name") == "error_stability") return advice;
  }
  return nullptr;
}

TEST(ErrorStabilityLoop, KeepsTheStepFromEachVersionToTheNext) {
  for (const bool sparse : {false, true}) {
    Bench bench(Json{{"strategy", "margin"}, {"batch_size", 10}});
    if (sparse) {
      bench.add_texts(0, 200);
    } else {
      bench.add(PayloadKind::embedding, loop::generated_embedding, 0, 200);
    }
    run_rounds(bench, 5);
    bench.reopen();
    const auto view = bench.workshop().features(bench.quiet());
    const auto versions = models(bench);
    ASSERT_GE(versions.size(), 4u);
    EXPECT_FALSE(loop::posterior_step_of(versions[0]).has_value());
    for (size_t i = 1; i < versions.size(); ++i) {
      const auto kept = loop::posterior_step_of(versions[i]);
      const auto anew = loop::posterior_step(view.features, trained_rows(bench, versions[i - 1]),
                                             trained_rows(bench, versions[i]));
      ASSERT_TRUE(kept && anew) << i;
      EXPECT_EQ(kept->before_from_after, anew->before_from_after);
      EXPECT_EQ(kept->after_from_before, anew->after_from_before);
      EXPECT_GT(kept->after_from_before, 0);
    }
    const Json rule = rule_of(loop::progress_report(bench.store(), bench.project()));
    EXPECT_EQ(rule.at("met"), nullptr);
    EXPECT_NE(rule.at("sentence").get<std::string>().find("more batches"), std::string::npos);
  }
}

TEST(ErrorStabilityLoop, SaysSoOnceThereAreStepsEnough) {
  Bench bench(Json{{"strategy", "random"}, {"batch_size", 10}, {"audit_share", 0}});
  bench.add(PayloadKind::embedding, loop::generated_embedding, 0, 200);
  run_rounds(bench, 15);
  const Json rule = rule_of(loop::progress_report(bench.store(), bench.project()));
  EXPECT_TRUE(rule.at("met").is_boolean()) << rule;
}

TEST(ErrorStabilityLoop, BeginsAnewWithAnotherLearner) {
  Bench bench(Json{{"strategy", "margin"}, {"batch_size", 10}});
  bench.add(PayloadKind::embedding, loop::generated_embedding, 0, 200);
  run_rounds(bench, 3);
  bench.set(Json{{"learner", "naive_bayes"}});
  run_rounds(bench, 2);
  const auto versions = models(bench);
  EXPECT_TRUE(loop::posterior_step_of(versions[1]).has_value());
  EXPECT_EQ(versions.back().learner, "naive_bayes");
  EXPECT_FALSE(loop::posterior_step_of(versions.back()).has_value());
  const Json rule = rule_of(loop::progress_report(bench.store(), bench.project()));
  EXPECT_EQ(rule.at("met"), nullptr);
  EXPECT_NE(rule.at("sentence").get<std::string>().find("Does not apply"), std::string::npos);
  bench.set(Json{{"learner", "logistic_regression"}});
  run_rounds(bench, 1);
  EXPECT_EQ(models(bench).back().learner, "logistic_regression");
  EXPECT_FALSE(loop::posterior_step_of(models(bench).back()).has_value());
}

}  // namespace querist::app
