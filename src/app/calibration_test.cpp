// A version's calibration and decision go where it goes: the loop, serving, promotion, rollback and
// replay.
#include <gtest/gtest.h>

#include <cmath>

#include "app/oracle_fixture.h"
#include "calibrators/calibrator.h"
#include "metrics/decision.h"
#include "serving/deployment.h"
#include "storage/annotations.h"
#include "storage/models.h"

namespace querist::app {

using loop::Bench;

static std::vector<Payload> payloads_of(int count) {
  std::vector<Payload> payloads;
  for (int i = 0; i < count; ++i) payloads.push_back(loop::generated_text(i).payload);
  return payloads;
}

static ModelVersion newest(Bench& bench) {
  return storage::latest_model(bench.store(), bench.project().id).value();
}

// What the version ought to say: its bytes read back plainly, then its stored calibration by hand.
static Matrix by_hand(Bench& bench, int64_t version, std::span<const Payload> payloads) {
  const auto row = storage::find_model(bench.store(), bench.project().id, version).value();
  const auto model = learners::find(row.learner)
                         .load(storage::model_bytes(bench.store(), bench.project().id, version));
  const auto batch = bench.workshop().fitted().transform(payloads);
  Matrix plain;
  model->probabilities(batch.features(), plain);
  const std::vector<double> values(plain.values.begin(), plain.values.end());
  const auto logits = calibrators::logits_of({plain.rows, plain.cols, values.data()});
  const auto scaled = calibrators::calibrate(calibrators::calibration_of(row.data["calibration"]),
                                             {plain.rows, plain.cols, logits.data()});
  for (size_t i = 0; i < scaled.size(); ++i) plain.values[i] = static_cast<float>(scaled[i]);
  return plain;
}

static Matrix served(Bench& bench, std::span<const Payload> payloads) {
  serving::Deployments deployments(bench.store());
  return serving::predict(*deployments.of_alias(bench.project(), "champion"), payloads)
      .probabilities;
}

TEST(Calibration, IsWhatServingAndTheLoopSay) {
  for (const char* name : {"temperature", "platt", "vector_scaling", "isotonic", "dirichlet"}) {
    Bench bench(Json{{"calibration", name}});
    bench.add_texts(0, 150);
    run_rounds(bench, 3);
    bench.turn();
    const ModelVersion version = newest(bench);
    ASSERT_EQ(version.data["calibration"]["name"], name);
    const auto payloads = payloads_of(150);
    const Matrix expected = by_hand(bench, version.version, payloads);
    serving::Deployments deployments(bench.store());
    const auto deployment = deployments.of_version(bench.project(), version.version);
    EXPECT_EQ(serving::predict(*deployment, payloads).probabilities.values, expected.values);
    EXPECT_EQ(bench.workshop().newest_scores()->probabilities.values, expected.values);
    bench.reopen();
    const auto view = bench.workshop().features(bench.quiet());
    const auto loaded = bench.workshop().load_model(version.version);
    EXPECT_EQ(bench.workshop().probabilities(loaded, view).values, expected.values);
    EXPECT_EQ(loaded.model->save(), loaded.plain->save());
  }
}

TEST(Calibration, GoesAndComesBackWithItsVersion) {
  Bench bench(Json{{"calibration", "temperature"}});
  bench.add_texts(0, 150);
  run_rounds(bench, 3);
  const int64_t first = newest(bench).version;
  bench.set({{"calibration", "none"}});
  run_rounds(bench, 2);
  const int64_t second = newest(bench).version;
  ASSERT_EQ(newest(bench).data["calibration"]["name"], "none");
  const auto payloads = payloads_of(60);
  const Matrix warm = by_hand(bench, first, payloads);
  const Matrix plain = by_hand(bench, second, payloads);
  ASSERT_NE(warm.values, plain.values);
  const auto champion = [&] {
    return storage::model_of_alias(bench.store(), bench.project().id, "champion")->version;
  };
  if (champion() != first)
    serving::promote(bench.store(), bench.project(), "champion", first, true, "", "ada");
  EXPECT_EQ(served(bench, payloads).values, warm.values);
  serving::promote(bench.store(), bench.project(), "champion", second, true, "", "ada");
  EXPECT_EQ(served(bench, payloads).values, plain.values);
  storage::roll_back(bench.store(), bench.project().id, "champion", "worse", "ada");
  EXPECT_EQ(served(bench, payloads).values, warm.values);
}

TEST(Calibration, LearnsFromTrainingLabelsAloneAndIsCarriedOverUntilTheyHaveGrown) {
  Bench bench(Json{{"batch_size", 1}, {"audit_share", 0.3}});
  bench.add_texts(0, 150);
  run_rounds(bench, 75);
  int64_t fitted = 0, carried = 0;
  const auto versions = storage::models_in_order(bench.store(), bench.project().id);
  for (size_t i = 0; i < versions.size(); ++i) {
    const int64_t labels = versions[i].data["calibration"]["labels"].get<int64_t>();
    EXPECT_LE(labels, versions[i].labels) << "audit labels are not counted";
    EXPECT_LT(static_cast<double>(versions[i].labels), 1.1 * static_cast<double>(labels) + 1e-9);
    (labels == versions[i].labels ? fitted : carried) += 1;
    if (i == 0 || labels == versions[i].labels) continue;
    EXPECT_EQ(versions[i].data["calibration"], versions[i - 1].data["calibration"]);
  }
  EXPECT_GT(fitted, 5);
  EXPECT_GT(carried, 5);
}

TEST(Calibration, IsMadeAnewWhenTheProjectAsksForAnother) {
  Bench bench(Json{{"calibration", "none"}});
  bench.add_texts(0, 120);
  run_rounds(bench, 3);
  bench.turn(true);
  const int64_t before = newest(bench).version;
  bench.turn(true);
  EXPECT_EQ(newest(bench).version, before) << "nothing is new";
  bench.set({{"calibration", "temperature"}, {"decision_metric", "f1"}});
  bench.turn(true);
  EXPECT_EQ(newest(bench).version, before + 1);
  EXPECT_EQ(newest(bench).labels,
            storage::find_model(bench.store(), bench.project().id, before)->labels);
  EXPECT_EQ(newest(bench).data["calibration"]["name"], "temperature");
  EXPECT_EQ(newest(bench).data["decision"]["metric"], "f1");
}

TEST(Calibration, OfOneClassIsNoneUntilASecondComes) {
  const auto ham = [](int i) {
    NewExample example = loop::generated_text(i);
    example.label = "ham";
    return example;
  };
  for (const char* setting : {"auto", "temperature", "none"}) {
    Bench bench(Json{{"calibration", setting}, {"decision_metric", "balanced_accuracy"}}, {},
                {"ham"});
    bench.add(PayloadKind::text, ham, 0, 60);
    run_rounds(bench, 3);
    bench.turn(true);
    const ModelVersion version = newest(bench);
    EXPECT_EQ(version.data["calibration"]["name"], "none");
    EXPECT_EQ(calibrators::calibration_of(version.data["calibration"]).classes, 1u);
    const auto payloads = payloads_of(60);
    for (const float p : served(bench, payloads).values) EXPECT_EQ(p, 1);
    bench.reopen();  // The version is read back from its row.
    storage::change_project(bench.store(), "p", {.classes = {{"ham", "spam"}}}, "ada");
    bench.add_texts(60, 150);
    run_rounds(bench, 3);
    bench.turn(true);
    EXPECT_EQ(newest(bench).classes.size(), 2u);
    EXPECT_EQ(served(bench, payloads).cols, 2u);
  }
}

TEST(Calibration, OfAVersionFromBeforeItIsNone) {
  Bench bench;
  bench.add_texts(0, 120);
  run_rounds(bench, 4);
  const ModelVersion version = newest(bench);
  bench.store().write([&](storage::Session& session) {
    for (const auto& [table, id] : {std::pair("models", "version"), std::pair("selections", "id")})
      session.execute(std::string("UPDATE ") + table +
                          " SET data = json_remove(data, '$.calibration', '$.decision', "
                          "'$.usable', '$.temperature') WHERE " +
                          id + " > 0",
                      {});
  });
  bench.reopen();
  const auto loaded = bench.workshop().load_model(version.version);
  EXPECT_EQ(loaded.model, loaded.plain);
  EXPECT_TRUE(loaded.class_weights.empty());
  EXPECT_NO_THROW(served(bench, payloads_of(5)));
  run_rounds(bench, 2);  // Goes on, and calibrates again.
  EXPECT_TRUE(newest(bench).data.contains("calibration"));
}

TEST(Temperature, IsStoredWithASelectionOfAutoAndReplayed) {
  Bench bench(Json{{"calibration", "none"}});
  bench.add_texts(0, 200);
  run_rounds(bench, 5);
  double moved = 0;
  for (const StoredSelection& selection : bench.selections()) {
    ASSERT_EQ(selection.data.contains("temperature"), selection.model_version.has_value());
    if (!selection.model_version) continue;
    const auto model =
        storage::find_model(bench.store(), bench.project().id, *selection.model_version);
    const double fitted = model->data["calibration"].value("temperature", 1.0);
    EXPECT_EQ(selection.data["temperature"], fitted);
    moved = std::max(moved, std::abs(std::log(fitted)));
    EXPECT_TRUE(loop::replay(bench.workshop(), selection, bench.quiet()).identical);
    EXPECT_EQ(selection.strategy, "auto");
  }
  EXPECT_GT(moved, 0.01) << "a temperature of 1 throughout would test nothing";
}

TEST(Temperature, IsNotAppliedTwiceNorWhereTheProjectSetsIt) {
  Bench calibrated(Json{{"calibration", "temperature"}});
  calibrated.add_texts(0, 120);
  run_rounds(calibrated, 3);
  EXPECT_EQ(calibrated.selections().back().data["temperature"], 1.0);
  for (const char* strategy : {"auto(temperature=2)", "margin"}) {
    Bench bench(Json{{"strategy", strategy}});
    bench.add_texts(0, 120);
    run_rounds(bench, 3);
    EXPECT_FALSE(bench.selections().back().data.contains("temperature")) << strategy;
  }
}

// A tenth of the points are spam, in the midst of ham, so that the likeliest class is seldom the
// best for balanced accuracy.
static NewExample rare_point(int i) {
  NewExample example = loop::generated_embedding(i);
  for (int at = i; example.label == "spam" && i % 5 != 0; at += 1000)
    example = loop::generated_embedding(at + 1000);
  return example;
}

TEST(Decision, IsWhatServingSuggestionsAndEvaluationPredict) {
  Bench bench(Json{{"decision_metric", "balanced_accuracy"}, {"batch_size", 60}});
  bench.add(PayloadKind::embedding, rare_point, 0, 600);
  run_rounds(bench, 6);
  bench.turn();
  const ModelVersion version = newest(bench);
  const auto weights = version.data["decision"]["class_weights"].get<std::vector<double>>();
  ASSERT_EQ(weights.size(), 2u) << version.data["decision"].dump();
  EXPECT_GT(version.data["decision"]["score"], version.data["decision"]["likeliest_score"]);
  EXPECT_EQ(version.metrics["decision"], version.data["decision"]);
  std::vector<Payload> payloads;
  for (int i = 0; i < 600; ++i) payloads.push_back(rare_point(i).payload);
  serving::Deployments deployments(bench.store());
  const auto deployment = deployments.of_version(bench.project(), version.version);
  const auto prediction = serving::predict(*deployment, payloads);
  int otherwise = 0;
  for (size_t i = 0; i < payloads.size(); ++i) {
    const auto p = prediction.probabilities.row(i);
    const bool spam = double{p[1]} * weights[1] > double{p[0]} * weights[0];
    EXPECT_EQ(prediction.labels[i], spam ? "spam" : "ham");
    otherwise += spam != (p[1] > p[0]);
  }
  EXPECT_GT(otherwise, 0) << "a rule that changes nothing tests nothing";
  const StoredSelection selection = bench.selections().back();
  for (const SelectionItem& item : selection.items)
    EXPECT_EQ(item.prediction, prediction.labels[static_cast<size_t>(item.row)]);
  int64_t right = 0, audit = 0;
  for (const Labelled& label : storage::labels_as_of(
           bench.store(), bench.project().id, storage::LabelUse::audit, version.through_event)) {
    right += prediction.labels[static_cast<size_t>(label.row)] == label.label;
    ++audit;
  }
  EXPECT_EQ(version.metrics["audit_labels"], audit);
  EXPECT_NEAR(version.metrics["accuracy"]["value"].get<double>(),
              static_cast<double>(right) / static_cast<double>(audit), 1e-12);
}

TEST(Decision, IsTheLikeliestClassWithFewLabelsAndSaysSo) {
  Bench bench(Json{{"decision_metric", "mcc"}});
  bench.add_texts(0, 100);
  run_rounds(bench, 3);
  const Json decision = newest(bench).data["decision"];
  EXPECT_TRUE(decision["class_weights"].empty());
  EXPECT_NE(decision["reason"].get<std::string>().find("20 of every class"), std::string::npos)
      << decision.dump();
}

TEST(Evaluation, TellsTheErrorBeforeCalibration) {
  Bench bench(Json{{"calibration", "platt"}, {"audit_share", 0.3}});
  bench.add_texts(0, 200);
  run_rounds(bench, 5);
  const ModelVersion version = newest(bench);
  const Json& calibration = version.metrics["calibration"];
  EXPECT_EQ(calibration["name"], "platt");
  EXPECT_NE(calibration["log_loss_before"], version.metrics["log_loss"]);
  EXPECT_LE(calibration["ece_before"]["ci_low"], calibration["ece_before"]["ci_high"]);
  bench.set({{"calibration", "none"}});
  run_rounds(bench, 1);
  const ModelVersion plain = newest(bench);
  EXPECT_EQ(plain.metrics["calibration"]["ece_before"], plain.metrics["ece"]);
  EXPECT_EQ(plain.metrics["calibration"]["log_loss_before"], plain.metrics["log_loss"]);
}

}  // namespace querist::app
