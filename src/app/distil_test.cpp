// A project's model taught to a small head: a version that is served, and that the loop goes past.
#include "loop/distil.h"

#include <gtest/gtest.h>

#include "app/oracle_fixture.h"
#include "governance/ledger.h"
#include "loop/adversarial_robustness.h"
#include "loop/gate.h"
#include "loop/progress_report.h"
#include "serving/deployment.h"
#include "storage/models.h"

namespace querist::app {

using loop::Bench;

static ModelVersion distil(Bench& bench, const loop::DistilRequest& request = {}) {
  return loop::distil(bench.workshop(), request, "ada", bench.quiet());
}

TEST(Distil, StoresAChallengerThatIsGatedOnTheAuditLabels) {
  Bench bench(Json{{"learner", "forest"}, {"strategy", "random"}, {"audit_share", 0.5}});
  bench.add(PayloadKind::embedding, loop::generated_embedding, 0, 400);
  run_rounds(bench, 6);
  const auto champion = *storage::model_of_alias(bench.store(), bench.project().id, "champion");
  const ModelVersion student = distil(bench);
  EXPECT_EQ(student.learner, "neural_head");
  EXPECT_EQ(student.aliases, std::vector<std::string>{"challenger"});
  const Json& how = student.data["distillation"];
  EXPECT_EQ(how["teacher_version"], champion.version);
  EXPECT_EQ(how["teacher_learner"], "forest");
  EXPECT_EQ(how["rows"].get<int64_t>(), 400 - student.metrics["audit_labels"].get<int64_t>());
  EXPECT_GT(how["bytes"]["teacher"], 2 * how["bytes"]["student"].get<int64_t>());
  EXPECT_EQ(how["bytes"]["student"], student.bytes);
  EXPECT_GT(how["microseconds_a_row"]["student"], 0);
  EXPECT_GE(student.metrics["audit_labels"].get<size_t>(), loop::gate_minimum);
  EXPECT_EQ(student.gate["against"], champion.version);
  EXPECT_EQ(student.gate["passed"], student.gate["difference"].get<double>() >= -0.01);
  EXPECT_GT(how["agreement"]["value"], 0.7);
  EXPECT_LE(how["agreement"]["ci_high"], 1.0);
  EXPECT_TRUE(governance::lineage(bench.store(), bench.project().id, student.version).proven);

  const ModelVersion same = distil(bench);
  EXPECT_EQ(same.sha256, student.sha256) << "the same lesson gives the same student";
  EXPECT_FALSE(distil(bench, {.learner = "logistic_regression", .max_loss = 0}).metrics.is_null());
}

TEST(Distil, TeachesNobodyWhoWouldBeLargerUnlessNamed) {
  Bench bench(Json{{"strategy", "random"}});  // A linear head is as small as any.
  bench.add_texts(0, 200);
  run_rounds(bench, 2);
  bench.turn(true);
  try {
    distil(bench);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::conflict);
    EXPECT_NE(std::string(error.what()).find("nothing to distil"), std::string::npos);
  }
  const ModelVersion student = distil(bench, {.learner = "neural_head"});
  EXPECT_NE(student.data["distillation"]["sentence"].get<std::string>().find("larger"),
            std::string::npos);
}

TEST(Distil, LetsTheLoopGoOnFromItsOwnModels) {
  Bench bench(Json{{"learner", "forest(trees=20)"}, {"strategy", "margin"}});
  bench.add_texts(0, 200);
  run_rounds(bench, 2);
  bench.turn(true);
  const auto newest = [&] { return storage::latest_model(bench.store(), bench.project().id); };
  const int64_t before = newest()->version;
  const ModelVersion student = distil(bench, {.learner = "logistic_regression"});
  EXPECT_GT(student.version, before);
  EXPECT_EQ(newest()->version, before);
  bench.turn(true);
  EXPECT_EQ(newest()->version, before) << "no label is new: there is nothing to train";
  bench.reopen();
  run_rounds(bench, 2);
  EXPECT_GT(newest()->version, student.version);
  EXPECT_EQ(newest()->learner, "forest");
  const Json report = loop::progress_report(bench.store(), bench.project());
  for (const Json& point : report["curve"]) EXPECT_NE(point["model_version"], student.version);
  for (const auto& selection : bench.selections())
    EXPECT_TRUE(loop::replay(bench.workshop(), selection, bench.quiet()).identical);
  serving::Deployments deployments(bench.store());
  EXPECT_EQ(deployments.of_alias(bench.project(), "challenger")->version, student.version);
}

TEST(RobustnessOfAVersion, IsMeasuredOnTheAuditLabels) {
  Bench bench(
      Json{{"learner", "logistic_regression"}, {"strategy", "random"}, {"audit_share", 0.5}});
  bench.add(PayloadKind::embedding, loop::generated_embedding, 0, 300);
  run_rounds(bench, 5);
  const auto at = [&](double radius, int64_t version) {
    return loop::robustness(bench.workshop(), version, {.radius = radius}, bench.quiet());
  };
  bench.turn();
  const auto newest = *storage::latest_model(bench.store(), bench.project().id);
  const Json still = at(0, newest.version);
  EXPECT_EQ(still["method"], "exact");
  EXPECT_EQ(still["audit_labels"], newest.metrics["audit_labels"]);
  EXPECT_EQ(still["accuracy"]["value"], newest.metrics["accuracy"]["value"]);
  EXPECT_EQ(still["robust_accuracy"], still["accuracy"]) << "nobody moved";
  EXPECT_LT(at(0.5, newest.version)["robust_accuracy"]["value"], still["accuracy"]["value"]);
  EXPECT_EQ(at(100, newest.version)["robust_accuracy"]["value"], 0);
  const ModelVersion student = distil(bench, {.learner = "neural_head(max_epochs=20)"});
  EXPECT_EQ(at(0.1, student.version)["method"], "pgd");
  EXPECT_THROW(at(0.1, 99), Error);
  bench.set({{"learner", "forest(trees=5)"}});
  bench.turn(true);
  EXPECT_THROW(at(0.1, student.version + 1), Error) << "a forest gives no gradient";
}

// A calibrated model gives no gradient: the plain one within is attacked.
TEST(RobustnessOfAVersion, LooksThroughACalibrator) {
  for (const char* name : {"temperature", "vector_scaling"}) {
    Bench bench(Json{{"calibration", name}, {"strategy", "random"}, {"audit_share", 0.5}});
    bench.add(PayloadKind::embedding, loop::generated_embedding, 0, 300);
    run_rounds(bench, 5);
    bench.turn();
    const auto newest = *storage::latest_model(bench.store(), bench.project().id);
    ASSERT_EQ(newest.data["calibration"]["name"], name);
    const Json still =
        loop::robustness(bench.workshop(), newest.version, {.radius = 0}, bench.quiet());
    EXPECT_EQ(still["method"], "exact");
    EXPECT_EQ(still["robust_accuracy"], still["accuracy"]);
  }
}

TEST(Distil, SaysWhyItCannot) {
  Bench bench(Json{{"learner", "forest(trees=20)"}});
  bench.add_texts(0, 100);
  const auto code_of = [&](const loop::DistilRequest& request) {
    try {
      distil(bench, request);
    } catch (const Error& error) {
      return error.code();
    }
    return Code::internal;
  };
  EXPECT_EQ(code_of({}), Code::conflict) << "there is no model yet";
  run_rounds(bench, 2);
  EXPECT_EQ(code_of({.version = 99}), Code::not_found);
  EXPECT_EQ(code_of({.learner = "gbdt"}), Code::invalid_argument);
  EXPECT_EQ(code_of({.temperature = 0.5}), Code::invalid_argument);
  EXPECT_EQ(code_of({.max_loss = -1}), Code::invalid_argument);
  const ModelVersion student = distil(bench, {.learner = "logistic_regression"});
  EXPECT_EQ(code_of({.version = student.version}), Code::conflict) << "a student does not teach";
}

}  // namespace querist::app
