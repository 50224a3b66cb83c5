// What hardened training changed, against the same project trained without.
#include "loop/hardening.h"

#include <gtest/gtest.h>

#include "app/oracle_fixture.h"
#include "loop/adversarial_robustness.h"
#include "storage/models.h"

namespace querist::app {

using loop::Bench;

static ModelVersion newest(Bench& bench) {
  return *storage::latest_model(bench.store(), bench.project().id);
}

// Trains a version under other settings on the labels that there are.
static ModelVersion trained_with(Bench& bench, const Json& settings) {
  bench.set(settings);
  bench.turn(true);
  return newest(bench);
}

static double value(const Json& estimate) { return estimate["value"].get<double>(); }

TEST(Hardening, TellsRobustAccuracyBeforeAndAfterAdversarialTraining) {
  Bench bench(Json{{"learner", "neural_head(max_epochs=30)"},
                   {"strategy", "random"},
                   {"batch_size", 40},
                   {"audit_share", 0.5}});
  bench.add(PayloadKind::embedding, loop::generated_embedding, 0, 400);
  run_rounds(bench, 5);
  const ModelVersion plain = trained_with(bench, {{"seed", 0}});
  EXPECT_FALSE(plain.metrics.contains("hardening"));
  const ModelVersion hard = trained_with(
      bench, {{"learner", "neural_head(max_epochs=30, adversarial=pgd, radius=0.4, norm=linf)"}});
  ASSERT_GT(hard.version, plain.version);
  ASSERT_EQ(hard.metrics["hardening"].size(), 1u);
  const Json& report = hard.metrics["hardening"][0];
  EXPECT_EQ(report["attack"], "moved_rows");
  EXPECT_EQ(report["norm"], "linf");
  EXPECT_EQ(report["steps"], 20) << "seven of the training would be a weak attack";
  const learners::Ball ball = {.norm = learners::Norm::linf, .radius = 0.4};
  const auto measured = [&](int64_t version) {
    return loop::robustness(bench.workshop(), version, ball, bench.quiet());
  };
  const Json before = measured(plain.version), after = measured(hard.version);
  for (const char* field : {"accuracy", "robust_accuracy"}) {
    EXPECT_EQ(report["before"][field], before[field]) << field;
    EXPECT_EQ(report["after"][field], after[field]) << field;
  }
  EXPECT_NEAR(value(report["robust_difference"]),
              value(after["robust_accuracy"]) - value(before["robust_accuracy"]), 1e-12);
  EXPECT_GT(value(after["robust_accuracy"]), value(before["robust_accuracy"]));
  EXPECT_NE(report["sentence"].get<std::string>().find("moved by up to 0.4"), std::string::npos);
}

TEST(Hardening, TellsWhatTrainingOnTyposChanged) {
  Bench bench(Json{
      {"strategy", "random"}, {"batch_size", 40}, {"audit_share", 0.5}, {"labels_saved", false}});
  bench.add_texts(0, 400);
  run_rounds(bench, 5);
  const ModelVersion plain = trained_with(bench, {{"seed", 0}});
  const ModelVersion hard = trained_with(bench, {{"augment", "typos"}, {"typos", 0.3}});
  ASSERT_GT(hard.version, plain.version) << "the labels are the same, the training is not";
  ASSERT_EQ(hard.metrics["hardening"].size(), 1u);
  const Json& report = hard.metrics["hardening"][0];
  EXPECT_EQ(report["attack"], "typos");
  EXPECT_EQ(report["amount"], 0.3);
  EXPECT_EQ(report["audit_labels"], hard.metrics["audit_labels"]);
  EXPECT_EQ(report["before"]["accuracy"], plain.metrics["accuracy"]);
  EXPECT_EQ(report["after"]["accuracy"], hard.metrics["accuracy"]);
  EXPECT_LT(value(report["before"]["robust_accuracy"]), value(report["before"]["accuracy"]))
      << "mistyped words are unknown words";
  EXPECT_NE(hard.sha256, plain.sha256);

  EXPECT_EQ(trained_with(bench, {{"batch_size", 20}}).version, hard.version) << "nothing is new";
  EXPECT_GT(trained_with(bench, {{"typos", 0.1}}).version, hard.version);
  const ModelVersion again = trained_with(bench, {{"augment", "none"}});
  EXPECT_FALSE(again.metrics.contains("hardening"));
  EXPECT_FALSE(again.data.contains("augmentation"));
  // Another scale of scores wants another calibrator, though no label is new.
  EXPECT_EQ(again.data["calibration"]["name"], plain.data["calibration"]["name"]);
  EXPECT_NEAR(again.metrics["log_loss"].get<double>(), plain.metrics["log_loss"].get<double>(),
              1e-3);
}

TEST(Hardening, IsTheSameWhenTrainedAgain) {
  const auto made = [] {
    Bench bench(Json{{"augment", "typos"}, {"batch_size", 40}, {"audit_share", 0.5}});
    bench.add_texts(0, 200);
    run_rounds(bench, 3);
    bench.turn(true);
    return newest(bench);
  };
  const ModelVersion one = made(), other = made();
  EXPECT_EQ(one.sha256, other.sha256);
  EXPECT_EQ(one.metrics["hardening"], other.metrics["hardening"]);
}

TEST(Hardening, RefusesTyposWhereThereAreNoTexts) {
  Bench bench(Json{{"augment", "typos"}});
  bench.add(PayloadKind::embedding, loop::generated_embedding, 0, 60);
  try {
    run_rounds(bench, 2);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("augment=none"), std::string::npos);
  }
}

}  // namespace querist::app
