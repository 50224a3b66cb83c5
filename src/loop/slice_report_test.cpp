// Slices and groups of a project's audit answers: planted ones are found, named and put in words.
#include "loop/slice_report.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "loop/clusters.h"
#include "loop/loop_fixture.h"
#include "loop/progress_report.h"

namespace querist::loop {

// Texts about two things, from two sources, of two groups.
static NewExample sourced_text(int i) {
  Rng rng(mix_seed(21, static_cast<uint64_t>(i)));
  NewExample example = generated_text(i);
  const bool garden = rng.uniform() < 0.5;
  for (uint64_t w = 0, words = 3 + rng.below(6); w < words; ++w)
    example.payload.text += fmt::format(" {}{}", garden ? "flower" : "engine", rng.below(3));
  example.group = rng.uniform() < 0.5 ? "ann" : "bob";
  example.meta =
      fmt::format(R"({{"source": "{}", "deep": [1]}})", rng.uniform() < 0.4 ? "phone" : "mail");
  return example;
}

struct Case {
  Bench bench;
  AuditAnswers answers;
  storage::FeatureView view;

  // wrong: how often the model is wrong about the example.
  template <class Wrong>
  Case(int rows, Wrong wrong) {
    bench.add(PayloadKind::text, sourced_text, 0, rows);
    view = bench.workshop().features(bench.quiet());
    Rng rng(22);
    answers.probabilities = Matrix(static_cast<size_t>(rows), 2);
    for (int i = 0; i < rows; ++i) {
      const NewExample example = sourced_text(i);
      const int32_t label = example.label == "spam";
      const bool right = rng.uniform() >= wrong(example);
      answers.rows.push_back(i);
      answers.labels.push_back(label);
      const auto row = answers.probabilities.row(static_cast<size_t>(i));
      row[static_cast<size_t>(right ? label : 1 - label)] = 0.9f;
      row[static_cast<size_t>(right ? 1 - label : label)] = 0.1f;
    }
  }
  Json slices(SliceLoss loss = SliceLoss::error) {
    return slices_json(bench.store(), bench.project(), answers, view, loss);
  }
};

static bool from_phone(const NewExample& example) {
  return example.meta.find("phone") != std::string::npos;
}

TEST(SliceReport, FindsAPlantedSliceOfMeta) {
  Case one(400, [](const NewExample& e) { return from_phone(e) ? 0.5 : 0.05; });
  for (const auto loss : {SliceLoss::error, SliceLoss::log_loss}) {
    const Json report = one.slices(loss);
    const Json& worst = report["items"][0];
    EXPECT_EQ(worst["conditions"], (Json::array({{{"column", "source"}, {"value", "phone"}}})));
    EXPECT_TRUE(worst["found"].get<bool>());
    EXPECT_EQ(report["columns"], (Json::array({"class", "words", "group", "source", "cluster"})));
    EXPECT_NE(report["sentence"].get<std::string>().find("source is phone"), std::string::npos);
    EXPECT_GT(report["tested"].get<int>(), 20);
  }
}

TEST(SliceReport, FindsNothingWhereNothingIs) {
  Case one(400, [](const NewExample&) { return 0.2; });
  const Json report = one.slices();
  for (const Json& item : report["items"]) EXPECT_FALSE(item["found"].get<bool>());
  EXPECT_NE(report["sentence"].get<std::string>().find("None of"), std::string::npos);
  EXPECT_EQ(report, one.slices());
}

// The model says 0.3 of every spam and 0.1 of every ham: the likeliest class is ham throughout, the
// decision is right throughout but for the phone's, where it says 0.3 of ham too.
TEST(SliceReport, JudgesTheClassThatIsDecidedFor) {
  Case one(400, [](const NewExample&) { return 0.0; });
  for (int i = 0; i < 400; ++i) {
    const NewExample example = sourced_text(i);
    const float spam = example.label == "spam" || from_phone(example) ? 0.3f : 0.1f;
    const auto row = one.answers.probabilities.row(static_cast<size_t>(i));
    row[1] = spam;
    row[0] = 1 - spam;
  }
  const auto accuracy = [&] {
    return groups_json(one.bench.store(), one.bench.project(), one.answers,
                       {"source"})[0]["gaps"][0];
  };
  const Json spam = Json::array({{{"column", "class"}, {"value", "spam"}}});
  EXPECT_EQ(one.slices()["items"][0]["conditions"], spam);
  one.answers.class_weights = {0.2, 0.8};  // A threshold of 0.2.
  const Json worst = one.slices()["items"][0];
  const Json ham_by_phone = Json::array(
      {{{"column", "class"}, {"value", "ham"}}, {{"column", "source"}, {"value", "phone"}}});
  EXPECT_EQ(worst["conditions"], ham_by_phone);
  EXPECT_EQ(worst["loss"], 1);
  EXPECT_EQ(worst["rest_loss"], 0);
  EXPECT_EQ(accuracy()["highest"], "mail");
  EXPECT_EQ(accuracy()["groups"][0]["rate"]["value"], 1);
}

TEST(SliceReport, SaysWhenThereAreTooFewLabels) {
  Case one(40, [](const NewExample&) { return 0.2; });
  const Json report = one.slices();
  EXPECT_EQ(report["tested"], 0);
  EXPECT_EQ(report["sentence"].get<std::string>().find("Not known yet"), 0u);
}

TEST(SliceReport, ClustersAreNamedByTheirWords) {
  Case one(300, [](const NewExample&) { return 0.2; });
  const auto column =
      cluster_column(one.bench.store(), one.bench.project(), one.answers.rows, one.view, 2);
  ASSERT_EQ(column.values.size(), 2u);
  int with_flower[2] = {0, 0}, rows[2] = {0, 0};
  for (int i = 0; i < 300; ++i) {
    const auto c = static_cast<size_t>(column.codes[static_cast<size_t>(i)]);
    ++rows[c];
    with_flower[c] += sourced_text(i).payload.text.find("flower") != std::string::npos;
  }
  const size_t garden = with_flower[0] * rows[1] > with_flower[1] * rows[0] ? 0 : 1;
  EXPECT_GT(with_flower[garden], rows[garden] * 9 / 10);
  EXPECT_LT(with_flower[1 - garden], rows[1 - garden] / 10);
  EXPECT_NE(column.values[garden].find("flower"), std::string::npos) << column.values[garden];
  EXPECT_NE(column.values[1 - garden].find("engine"), std::string::npos);
}

TEST(SliceReport, ClustersOfOtherThingsAreNamedByExamples) {
  Bench bench;
  bench.add(PayloadKind::embedding, generated_embedding, 0, 100);
  const auto view = bench.workshop().features(bench.quiet());
  const std::vector<int64_t> rows = {1, 2, 3, 50};
  const auto column = cluster_column(bench.store(), bench.project(), rows, view, 2);
  EXPECT_EQ(column.codes.size(), 4u);
  EXPECT_EQ(column.values[0].find("1: like #"), 0u) << column.values[0];
}

TEST(GroupReport, FindsAPlantedGap) {
  Case one(500, [](const NewExample& e) { return e.group == "bob" ? 0.4 : 0.05; });
  const Json groups =
      groups_json(one.bench.store(), one.bench.project(), one.answers, {"group", "source"});
  const Json& accuracy = groups[0]["gaps"][0];
  EXPECT_EQ(groups[0]["column"], "group");
  EXPECT_EQ(accuracy["metric"], "accuracy");
  EXPECT_EQ(accuracy["lowest"], "bob");
  EXPECT_TRUE(accuracy["found"].get<bool>());
  EXPECT_GT(accuracy["difference"]["ci_low"], 0.2);
  EXPECT_EQ(groups[0]["gaps"].size(), 5u);  // Of two classes, one says all.
  EXPECT_FALSE(groups[1]["gaps"][0]["found"].get<bool>());
  EXPECT_NE(groups[1]["sentence"].get<std::string>().find("No gap"), std::string::npos);
  EXPECT_THROW(groups_json(one.bench.store(), one.bench.project(), one.answers, {"sex"}), Error);
}

// Thirty kinds: k00 … k09 have 18 rows, k10 … k14 three, the others two.
static NewExample row_of_many_kinds(int i) {
  NewExample example = generated_row(i);
  const int kind = i < 60 ? i % 30 : i < 65 ? 10 + i % 5 : i % 10;
  example.payload.cells[1] = fmt::format("k{:02}", kind);
  return example;
}

TEST(GroupReport, KeepsTheLargestGroups) {
  Bench bench;
  bench.add(PayloadKind::columns, row_of_many_kinds, 0, 225);
  AuditAnswers answers;
  answers.probabilities = Matrix(225, 2);
  for (int i = 0; i < 225; ++i) {
    answers.rows.push_back(i);
    answers.labels.push_back(row_of_many_kinds(i).label == "spam");
    answers.probabilities.row(static_cast<size_t>(i))[static_cast<size_t>(i % 2)] = 1;
  }
  const Json report = groups_json(bench.store(), bench.project(), answers, {"kind", "size"});
  const Json& groups = report[0]["gaps"][0]["groups"];
  ASSERT_EQ(groups.size(), 20u);
  for (int g = 0; g < 20; ++g) {
    EXPECT_EQ(groups[static_cast<size_t>(g)]["group"], fmt::format("k{:02}", g));
    EXPECT_EQ(groups[static_cast<size_t>(g)]["rows"], g < 10 ? 18 : g < 15 ? 3 : 2);
  }
  EXPECT_EQ(report[1]["gaps"][0]["groups"].size(), 4u);  // Numbers, in bins.
}

TEST(GroupReport, LeavesOutColumnsOfTheSettingsThatAreNotThere) {
  Case one(200, [](const NewExample&) { return 0.2; });
  Json metrics = Json::object();
  add_slices(metrics, one.bench.store(), one.bench.project(), one.answers, one.view);
  EXPECT_TRUE(metrics.contains("slices"));
  EXPECT_FALSE(metrics.contains("groups"));
  one.bench.set({{"group_columns", "sex, group"}});
  add_slices(metrics, one.bench.store(), one.bench.project(), one.answers, one.view);
  ASSERT_EQ(metrics["groups"].size(), 1u);
  EXPECT_EQ(metrics["groups"][0]["column"], "group");
}

TEST(SliceReport, IsNullWhereNoModelWasMeasured) {
  Bench bench;
  const Json report = progress_report(bench.store(), bench.project());
  EXPECT_TRUE(report.contains("slices"));
  EXPECT_TRUE(report["slices"].is_null());
}

}  // namespace querist::loop
