// Pseudo-labels in a project's loop: what they touch, what they leave alone, and what is stored.
#include <gtest/gtest.h>

#include "app/oracle_fixture.h"
#include "calibrators/calibrator.h"
#include "loop/calibration.h"
#include "loop/progress_report.h"
#include "loop/project_learner.h"
#include "loop/project_semi_supervised.h"
#include "loop/signals.h"
#include "metrics/classification.h"
#include "storage/annotations.h"
#include "storage/events.h"
#include "storage/models.h"

namespace querist::app {

using loop::Bench;

static std::vector<ModelVersion> models(Bench& bench) {
  return storage::models_in_order(bench.store(), bench.project().id);
}

static std::vector<Json> events_of(Bench& bench, std::string_view kind) {
  std::vector<Json> found;
  for (const Event& event : storage::events(bench.store(), {.limit = 1000}).items) {
    if (event.kind == kind) found.push_back(event.data);
  }
  return found;
}

TEST(SemiSupervisedLoop, LeavesSelectionAndStoppingToTheGivenLabels) {
  const auto play = [](Bench& bench) {
    bench.add(PayloadKind::embedding, loop::generated_embedding, 0, 200);
    run_rounds(bench, 5);
  };
  Bench plain(Json{{"strategy", "margin"}, {"batch_size", 10}});
  Bench forced(Json{{"strategy", "margin"}, {"batch_size", 10}, {"ssl", "label_spreading"}});
  play(plain);
  play(forced);
  EXPECT_EQ(chosen_rows(forced), chosen_rows(plain));
  const auto without = models(plain), with = models(forced);
  ASSERT_EQ(with.size(), without.size());
  ASSERT_GE(with.size(), 4u);
  for (size_t i = 0; i < with.size(); ++i) {
    EXPECT_EQ(with[i].data["stop_set"], without[i].data["stop_set"]);
    EXPECT_EQ(with[i].data["stop_entropy"], without[i].data["stop_entropy"]);
    EXPECT_EQ(with[i].label_hash, without[i].label_hash);
    EXPECT_FALSE(without[i].data.contains("semi_supervised"));
    ASSERT_GT(with[i].data["semi_supervised"]["pseudo_labels"].get<int>(), 0);
    EXPECT_NE(with[i].sha256, without[i].sha256);
    EXPECT_EQ(with[i].data["semi_supervised"]["supervised_sha256"], without[i].sha256)
        << "the other head is, bit for bit, what there would be without pseudo-labels";
    EXPECT_EQ(loop::supervised_data(with[i].data)["calibration"], without[i].data["calibration"]);
    EXPECT_EQ(loop::supervised_data(with[i].data)["decision"], without[i].data["decision"]);
  }
}

TEST(SemiSupervisedLoop, CalibratesEachHeadByItsOwnHeldOutPredictions) {
  const Json settings = {
      {"strategy", "margin"}, {"batch_size", 20}, {"calibration", "temperature"}};
  Json with_ssl = settings;
  with_ssl["ssl"] = "label_spreading";
  Bench plain(settings);
  Bench forced(with_ssl);
  for (Bench* bench : {&plain, &forced}) {
    bench->add(PayloadKind::embedding, loop::generated_embedding, 0, 200);
    run_rounds(*bench, 3);
    bench->reopen();
    bench->workshop().features(bench->quiet());
  }
  const ModelVersion newest = models(forced).back();
  const Json& own = newest.data["calibration"];
  EXPECT_EQ(own["name"], "temperature");
  EXPECT_EQ(own["labels"], newest.labels) << "of the given labels alone";
  EXPECT_NE(own["state"], newest.data["semi_supervised"]["supervised_calibration"]["state"]);
  // Loaded, both heads say what they are to say.
  const auto view = forced.workshop().features(forced.quiet());
  const auto loaded = forced.workshop().newest_model();
  ASSERT_NE(loaded.supervised, nullptr);
  const std::vector<int64_t> rows = {0, 1, 2, 50, 100, 150};
  const auto corrected = [&](const learners::Model& model, const Json& calibration) {
    Matrix p = loop::predict_rows(model, view, rows);
    calibrators::calibrate(calibrators::calibration_of(calibration), p);
    return p.values;
  };
  EXPECT_EQ(loop::predict_rows(*loaded.model, view, rows).values, corrected(*loaded.plain, own));
  EXPECT_NE(loaded.plain->save(), loaded.scorer().plain->save());
  const auto without = plain.workshop().newest_model();
  EXPECT_EQ(loop::predict_rows(*loaded.scorer().model, view, rows).values,
            loop::predict_rows(*without.model, view, rows).values);
  EXPECT_EQ(loaded.scorer().class_weights, without.class_weights);
}

TEST(SemiSupervisedLoop, ReplaysFromTheStoreAndKeepsThePseudoLabels) {
  Bench bench(Json{{"strategy", "margin"}, {"batch_size", 10}, {"ssl", "self_training"}});
  bench.add_texts(0, 150);
  run_rounds(bench, 4);
  bench.add_texts(150, 180);
  bench.reopen();
  for (const auto& selection : bench.selections())
    EXPECT_TRUE(loop::replay(bench.workshop(), selection, bench.quiet()).identical) << selection.id;
  const ModelVersion newest = models(bench).back();
  const auto pseudo = loop::pseudo_labels_of(bench.store(), newest);
  const Json& report = newest.data["semi_supervised"];
  ASSERT_EQ(pseudo.rows.size(), report["pseudo_labels"]);
  ASSERT_FALSE(pseudo.rows.empty());
  // The model, made again from the stored labels and pseudo-labels, is the stored one.
  const auto view = bench.workshop().features(bench.quiet());
  const auto given =
      loop::numbered(storage::labels_as_of(bench.store(), bench.project().id,
                                           storage::LabelUse::training, newest.through_event),
                     newest.classes, static_cast<int64_t>(view.rows));
  for (const int64_t row : pseudo.rows) {
    EXPECT_FALSE(std::ranges::binary_search(given.rows, row));
  }
  const auto loaded = bench.workshop().load_model(newest.version);
  ASSERT_NE(loaded.supervised, nullptr);
  std::vector<int64_t> rows = given.rows;
  rows.insert(rows.end(), pseudo.rows.begin(), pseudo.rows.end());
  const OwnedFeatures features = take_rows(view.features, rows);
  Dataset data{features.view(), given.ids, std::vector<float>(given.rows.size(), 1), 2};
  data.labels.insert(data.labels.end(), pseudo.labels.begin(), pseudo.labels.end());
  data.weights.insert(data.weights.end(), pseudo.weights.begin(), pseudo.weights.end());
  auto [card, params] = loop::project_learner(bench.store(), bench.project());
  params.set("search_below", 0);
  const auto again =
      learners::train(*card, data, params, loaded.supervised->plain.get(), 0, Progress());
  EXPECT_EQ(again->save(), loaded.plain->save());
}

TEST(SemiSupervisedLoop, TrainsAgainWhenTheSettingChanges) {
  Bench bench(Json{{"batch_size", 20}});
  bench.add_texts(0, 100);
  run_rounds(bench, 2);
  bench.turn();
  const size_t before = models(bench).size();
  const auto after_turn = [&](const Json& settings) {
    bench.set(settings);
    bench.turn(true);
    return models(bench).size();
  };
  EXPECT_EQ(after_turn({{"seed", 0}}), before) << "nothing that matters has changed";
  EXPECT_EQ(after_turn({{"ssl", "self_training"}}), before + 1);
  EXPECT_EQ(after_turn({{"ssl_rows", 10'000}}), before + 1);
  EXPECT_EQ(after_turn({{"ssl_rows", 100}}), before + 2);
  EXPECT_EQ(after_turn({{"ssl", "off"}}), before + 3);
  EXPECT_FALSE(models(bench).back().data.contains("semi_supervised"));
}

TEST(SemiSupervisedLoop, TellsWhatItDid) {
  Bench bench(Json{{"batch_size", 20}, {"ssl", "self_training"}});
  bench.add_texts(0, 100);
  run_rounds(bench, 2);
  bench.turn();
  const auto used = events_of(bench, "pseudo_labels_used");
  ASSERT_EQ(used.size(), models(bench).size());
  const Json report = models(bench).back().data["semi_supervised"];
  EXPECT_EQ(used.back()["sha256"], report["pseudo_labels_sha256"]);
  const Json progress = loop::progress_report(bench.store(), bench.project());
  const auto sentence = progress["model"]["semi_supervised"]["sentence"].get<std::string>();
  EXPECT_TRUE(sentence.starts_with("Trained with ")) << sentence;
  EXPECT_NE(sentence.find("pseudo-labels by self_training, because the setting ssl forces it"),
            std::string::npos);
}

// A project where one example of ten is spam, but people looked for it and labelled as much of it
// as of the rest; 30 audit labels know better.
static std::unique_ptr<Bench> skewed_project(uint64_t seed) {
  auto bench = std::make_unique<Bench>(
      Json{{"strategy", "random"}, {"audit_share", 1.0}, {"batch_size", 30}, {"ssl", "auto"}});
  std::vector<NewExample> examples;
  for (int i = 0; i < 300; ++i) {
    Rng rng(mix_seed(seed, static_cast<uint64_t>(i)));
    NewExample& example = examples.emplace_back();
    const bool is_spam = i % 10 == 0;
    for (int d = 0; d < 12; ++d) {
      example.payload.embedding.push_back(
          static_cast<float>((is_spam ? 0.4 : -0.4) + rng.normal()));
    }
    example.label = is_spam ? "spam" : "ham";
  }
  storage::AddOptions options;
  options.payload = PayloadKind::embedding;
  storage::add_examples(bench->store(), bench->project().id, options, examples, "ada");
  bench->turn();
  answer(*bench);  // All of them audit.
  std::vector<int64_t> ids;
  for (int64_t row = 0; row < 300 && ids.size() < 12; row += 5) {
    const auto example = storage::find_example_by_row(bench->store(), bench->project().id, row);
    if (example->state == ExampleState::unlabeled) ids.push_back(example->id);
  }
  labelling::adopt_known_labels(bench->store(), bench->project(), ids, "ada");
  bench->turn();
  return bench;
}

TEST(SemiSupervisedLoop, RollsBackForThisVersionWithAnEvent) {
  // The gate lets pseudo-labels pass in some of the draws; the first of those is looked at.
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const auto bench = skewed_project(seed);
    const ModelVersion newest = models(*bench).back();
    const Json& report = newest.data["semi_supervised"];
    if (report["method"].is_null()) continue;
    ASSERT_TRUE(report["rolled_back"]) << report.dump(1);
    EXPECT_FALSE(report.contains("pseudo_labels_sha256"));
    EXPECT_TRUE(report["hazards"][0]["seen"]);
    const auto events = events_of(*bench, "pseudo_labels_rolled_back");
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0]["sentence"], report["sentence"]);
    EXPECT_EQ(bench->workshop().newest_model().supervised, nullptr);
    EXPECT_TRUE(loop::pseudo_labels_of(bench->store(), newest).rows.empty());
    return;
  }
  FAIL() << "the gate let nothing pass";
}

}  // namespace querist::app
