// The reports on a stored version, and the predictions that use what they stored.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "app/oracle_fixture.h"
#include "loop/out_of_distribution.h"
#include "loop/robustness.h"
#include "serving/deployment.h"
#include "storage/models.h"

namespace querist::app {

struct Kind {
  PayloadKind payload;
  NewExample (*make)(int);
  std::vector<std::string> perturbations;
};

static std::vector<Kind> kinds() {
  return {
      {PayloadKind::text, loop::generated_text, {"typos", "case", "whitespace", "dropped_words"}},
      {PayloadKind::embedding, loop::generated_embedding, {"noise", "dropout"}},
      {PayloadKind::embedding, loop::generated_half_embedding, {"noise", "dropout"}},
      {PayloadKind::columns,
       loop::generated_row,
       {"dropped_fields", "noise", "scale", "swapped_categories"}}};
}

TEST(Robustness, BeginsAtWhatTheMetricsSayBitForBit) {
  for (const Kind& kind : kinds()) {
    loop::Bench bench({{"audit_share", 0.3}, {"batch_size", 20}});
    bench.add(kind.payload, kind.make, 0, 200);
    run_rounds(bench, 5);
    const Json report = loop::robustness_report(bench.workshop(), 0, bench.quiet());
    const auto version =
        storage::find_model(bench.store(), bench.project().id, report["model_version"]);
    ASSERT_TRUE(version->metrics.is_object());
    EXPECT_EQ(report["audit_labels"], version->metrics["audit_labels"]);
    std::vector<std::string> names;
    for (const Json& one : report["perturbations"]) {
      names.push_back(one["name"]);
      ASSERT_EQ(one["curve"].size(), 6u);
      const Json& first = one["curve"][0];
      EXPECT_EQ(first["accuracy"], version->metrics["accuracy"]) << names.back();
      EXPECT_EQ(first["ece"], version->metrics["ece"]) << names.back();
      EXPECT_EQ(first["changed"], 0);
      EXPECT_GT(one["curve"][5]["changed"].get<double>(), 0.5) << names.back();
    }
    EXPECT_EQ(names, kind.perturbations);
    EXPECT_EQ(loop::robustness_report(bench.workshop(), 0, bench.quiet()), report);
    bench.reopen();
    EXPECT_EQ(loop::robustness_report(bench.workshop(), 0, bench.quiet()), report);
  }
}

TEST(Robustness, LosesWhatTheWordsTold) {
  loop::Bench bench({{"audit_share", 0.5}, {"batch_size", 40}});
  bench.add_texts(0, 400);
  run_rounds(bench, 8);
  const Json report = loop::robustness_report(bench.workshop(), 0, bench.quiet());
  const Json& words = report["perturbations"][3];
  EXPECT_EQ(words["name"], "dropped_words");
  EXPECT_GT(words["curve"][0]["accuracy"]["value"].get<double>(),
            words["curve"][5]["accuracy"]["value"].get<double>());
}

TEST(Robustness, SaysWhyItKnowsNothing) {
  loop::Bench bench(Json{{"audit_share", 0}});
  bench.add_texts(0, 60);
  EXPECT_THROW(loop::robustness_report(bench.workshop(), 0, bench.quiet()), Error);
  run_rounds(bench, 2);
  const Json report = loop::robustness_report(bench.workshop(), 0, bench.quiet());
  EXPECT_TRUE(report["perturbations"].empty());
  EXPECT_TRUE(report["reason"].is_string());
  EXPECT_THROW(loop::robustness_report(bench.workshop(), 99, bench.quiet()), Error);
}

// Three groups of points, so that classes can be held out.
static NewExample grouped(int i) {
  Rng rng(mix_seed(21, static_cast<uint64_t>(i)));
  const auto group = rng.below(4);
  NewExample example;
  for (uint64_t d = 0; d < 6; ++d)
    example.payload.embedding.push_back(
        static_cast<float>((d == group ? 3 : 0) + 0.5 * rng.normal()));
  example.label = fmt::format("group{}", group);
  return example;
}

struct Grouped {
  loop::Bench bench;
  Grouped() {
    bench.set({{"batch_size", 30}});
    storage::change_project(bench.store(), "p",
                            {.classes = {{"ham", "spam", "group0", "group1", "group2", "group3"}}},
                            "ada");
    bench.add(PayloadKind::embedding, grouped, 0, 250);
    run_rounds(bench, 5);
    bench.turn();
  }
};

TEST(OutOfDistribution, IsChosenOnceStoredAndUsed) {
  Grouped world;
  loop::Bench& bench = world.bench;
  serving::Deployments deployments(bench.store());
  const auto newest = storage::latest_model(bench.store(), bench.project().id);
  std::vector<Payload> payloads;
  for (int i = 1000; i < 1200; ++i) payloads.push_back(grouped(i).payload);
  for (int i = 0; i < 50; ++i) payloads.push_back({.embedding = {0, 0, 0, 0, 5, -5}});
  const auto before = deployments.of_version(bench.project(), newest->version);
  EXPECT_THROW(serving::predict(*before, payloads, true), Error);

  const Json report = loop::ood_report(bench.workshop(), 0, bench.quiet());
  EXPECT_EQ(report["model_version"], newest->version);
  EXPECT_EQ(report["candidates"].size(), 7u);
  EXPECT_EQ(report["class_folds"], 4);
  EXPECT_EQ(loop::ood_report(bench.workshop(), newest->version, bench.quiet()), report);
  bench.reopen();
  EXPECT_EQ(loop::ood_report(bench.workshop(), 0, bench.quiet()), report);

  serving::Deployments after(bench.store());
  const auto deployment = after.of_version(bench.project(), newest->version);
  const auto prediction = serving::predict(*deployment, payloads, true);
  size_t usual = 0;
  size_t strange = 0;
  for (size_t i = 0; i < payloads.size(); ++i) {
    EXPECT_EQ(prediction.is_ood[i] != 0,
              prediction.ood_scores[i] > report["threshold"].get<double>());
    (i < 200 ? usual : strange) += prediction.is_ood[i];
  }
  EXPECT_LT(usual, 25u);  // 5 % of 200 is 10; about 100 labels place the threshold roughly.
  EXPECT_EQ(strange, 50u);
  EXPECT_TRUE(serving::predict(*deployment, payloads).ood_scores.empty());
}

TEST(OutOfDistribution, IsNoticedByAServerThatHadLoadedTheVersion) {
  Grouped world;
  loop::Bench& bench = world.bench;
  serving::Deployments deployments(bench.store());
  const auto version = storage::latest_model(bench.store(), bench.project().id)->version;
  const std::vector<Payload> one = {grouped(7).payload};
  EXPECT_THROW(serving::predict(*deployments.of_version(bench.project(), version), one, true),
               Error);
  loop::ood_report(bench.workshop(), 0, bench.quiet());
  const auto now = deployments.of_version(bench.project(), version);
  EXPECT_EQ(serving::predict(*now, one, true).ood_scores.size(), 1u);
  EXPECT_EQ(deployments.of_version(bench.project(), version), now);
}

TEST(OutOfDistribution, PredictsWithoutItsFileAndSaysSoWhenAsked) {
  Grouped world;
  loop::Bench& bench = world.bench;
  loop::ood_report(bench.workshop(), 0, bench.quiet());
  const auto newest = storage::latest_model(bench.store(), bench.project().id);
  const std::string hash = newest->data["out_of_distribution"]["blob"];
  const auto file = bench.folder() / "blobs" / hash.substr(0, 2) / hash.substr(2);
  ASSERT_TRUE(std::filesystem::exists(file));
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  std::ofstream(file, std::ios::binary) << "damaged";
  serving::Deployments deployments(bench.store());
  const auto deployment = deployments.of_version(bench.project(), newest->version);
  const std::vector<Payload> one = {grouped(7).payload};
  EXPECT_EQ(serving::predict(*deployment, one).labels.size(), 1u);
  EXPECT_THROW(serving::predict(*deployment, one, true), Error);
}

// The labels are those that the version was trained on, whatever came since.
TEST(OutOfDistribution, OfAnOldVersionReadsItsOwnLabels) {
  Grouped world;
  loop::Bench& bench = world.bench;
  const auto models = storage::models_in_order(bench.store(), bench.project().id);
  ASSERT_GT(models.size(), 2u);
  const auto& old = models[1];
  const Json report = loop::ood_report(bench.workshop(), old.version, bench.quiet());
  EXPECT_EQ(report["labels"], old.labels);
}

}  // namespace querist::app
