// Leaks that were put there are found, each by its own check; rows without any give none.
#include "loop/leakage.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/rng.h"

namespace querist::loop {

static std::string random_text(Rng& rng, bool first, int words = 20) {
  std::string text;
  for (int w = 0; w < words; ++w) {
    const bool leans = rng.uniform() < 0.2;
    text += fmt::format("{}{} ", leans ? (first ? "offer" : "lunch") : "word",
                        rng.below(leans ? 20 : 300));
  }
  return text;
}

static void add_row(Table& table, Payload payload, int32_t label, bool test) {
  const size_t i = table.payloads.size();
  table.payloads.push_back(std::move(payload));
  table.source_rows.push_back(static_cast<int64_t>(i));
  table.labels.push_back(label);
  table.splits.emplace_back(test ? "test" : "train");
  table.ids.push_back(fmt::format("row-{}", i));
  table.groups.emplace_back();
  table.times.emplace_back();
}

// Rows of two classes, every third a test row, all drawn alike.
static Table clean(PayloadKind kind, uint64_t seed, int rows = 600) {
  Rng rng(seed);
  Table table;
  table.payload = kind;
  table.classes = {"ham", "spam"};
  if (kind == PayloadKind::columns) table.columns = {"size", "kind", "id", "age"};
  for (int i = 0; i < rows; ++i) {
    const bool spam = rng.uniform() < 0.5;
    Payload payload;
    if (kind == PayloadKind::text) payload.text = random_text(rng, spam);
    if (kind == PayloadKind::columns) {
      payload.cells = {fmt::format("{:.4f}", rng.normal() + spam),
                       fmt::format("kind{}", rng.below(spam ? 3 : 5)), fmt::format("id-{}", i),
                       rng.uniform() < 0.1 ? "" : fmt::format("{:.3f}", 20 + 40 * rng.uniform())};
    }
    for (int d = 0; kind == PayloadKind::embedding && d < 24; ++d)
      payload.embedding.push_back(static_cast<float>(rng.normal() + (d == 0 && spam)));
    add_row(table, std::move(payload), spam, i % 3 == 0);
  }
  return table;
}

static Json look(const Table& table) { return table_leakage(table, 1, Progress()); }

static const Json* finding_of(const Json& report, const std::string& check) {
  for (const Json& finding : report["findings"]) {
    if (finding["check"] == check) return &finding;
  }
  return nullptr;
}

static std::string state_of(const Json& report, const std::string& check) {
  for (const Json& one : report["checks"]) {
    if (one["check"] == check) return one["state"];
  }
  return "";
}

TEST(Leakage, CleanRowsGiveNone) {
  for (const auto kind : {PayloadKind::text, PayloadKind::columns, PayloadKind::embedding}) {
    for (uint64_t seed = 1; seed < 3; ++seed) {
      const Json report = look(clean(kind, seed));
      EXPECT_TRUE(report["findings"].empty()) << report.dump(1);
      EXPECT_EQ(report["train_rows"], 400);
      EXPECT_EQ(report["test_rows"], 200);
      EXPECT_EQ(state_of(report, "exact_duplicates"), "clean");
      EXPECT_EQ(state_of(report, "single_feature"), "clean");
      EXPECT_EQ(state_of(report, "adversarial_validation"), "clean");
      EXPECT_EQ(state_of(report, "group_overlap"), "skipped");
    }
  }
}

TEST(Leakage, FindsCopiesOfTextsToTheLetterAndNearly) {
  Table table = clean(PayloadKind::text, 5);
  for (int i = 0; i < 7; ++i) {  // Training rows 1, 4, 7, …, as test rows.
    Payload copy = table.payloads[static_cast<size_t>(3 * i + 1)];
    for (char& c : copy.text) c = c == 'w' ? 'W' : c;
    copy.text = "  " + copy.text + "!!";
    if (i >= 4) copy.text += " and so on";  // 18 shingles of 21 are shared.
    const int32_t label = table.labels[static_cast<size_t>(3 * i + 1)];
    add_row(table, copy, i == 0 ? 1 - label : label, true);
  }
  const Json report = look(table);
  const Json* exact = finding_of(report, "exact_duplicates");
  ASSERT_TRUE(exact);
  EXPECT_EQ((*exact)["count"], 4);
  EXPECT_EQ((*exact)["of"], 207);
  EXPECT_EQ((*exact)["severity"], "high");
  EXPECT_EQ((*exact)["data"]["other_label"], 1);
  EXPECT_EQ((*exact)["examples"][0],
            (Json{{"test", "row-600"}, {"train", "row-1"}, {"similarity", 1.0}}));
  const Json* near = finding_of(report, "near_duplicates");
  ASSERT_TRUE(near);
  EXPECT_EQ((*near)["count"], 3);
  EXPECT_EQ((*near)["examples"][0]["train"], "row-13");
  EXPECT_NEAR((*near)["examples"][0]["similarity"], 18.0 / 21, 1e-12);
  EXPECT_EQ(report["findings"].size(), 2u) << report.dump(1);
}

TEST(Leakage, FindsNearCopiesOfEmbeddings) {
  Table table = clean(PayloadKind::embedding, 6);
  Rng rng(7);
  for (int i = 0; i < 3; ++i) {  // Longer by half and turned by about 0.05.
    Payload copy = table.payloads[static_cast<size_t>(3 * i + 2)];
    for (float& value : copy.embedding)
      value = 1.5f * (value + 0.05f * static_cast<float>(rng.normal()));
    add_row(table, copy, 0, true);
  }
  const Json report = look(table);
  const Json* near = finding_of(report, "near_duplicates");
  ASSERT_TRUE(near) << report.dump(1);
  EXPECT_EQ((*near)["count"], 3);
  EXPECT_EQ((*near)["examples"][1]["train"], "row-5");
  EXPECT_EQ(report["findings"].size(), 1u);
}

TEST(Leakage, DirectionsThatAreAllAlikeTellNothing) {
  Table table = clean(PayloadKind::embedding, 8);
  for (Payload& payload : table.payloads) {
    for (float& value : payload.embedding) value += 50;
  }
  EXPECT_EQ(state_of(look(table), "near_duplicates"), "skipped");
}

TEST(Leakage, FindsGroupsOnBothSides) {
  Table table = clean(PayloadKind::columns, 9);
  for (size_t i = 0; i < table.groups.size(); ++i)
    table.groups[i] = fmt::format("{}-{}", table.splits[i], i % 7);
  EXPECT_EQ(state_of(look(table), "group_overlap"), "clean");
  table.groups[0] = table.groups[3] = table.groups[1];  // Rows 0 and 3 are test rows.
  const Json report = look(table);
  const Json* overlap = finding_of(report, "group_overlap");
  ASSERT_TRUE(overlap);
  EXPECT_EQ((*overlap)["count"], 2);
  EXPECT_EQ((*overlap)["data"]["groups"], 1);
  EXPECT_EQ((*overlap)["examples"][0]["group"], "train-1");
}

TEST(Leakage, FindsTestRowsFromBeforeTheEndOfTraining) {
  Table table = clean(PayloadKind::columns, 10);
  for (size_t i = 0; i < table.times.size(); ++i)
    table.times[i] = table.splits[i] == "test" ? "2026-03-02" : "2026-02-28T23:59:00";
  EXPECT_EQ(state_of(look(table), "time_order"), "clean");
  table.times[0] = "2026-01-31";
  const Json report = look(table);
  const Json* early = finding_of(report, "time_order");
  ASSERT_TRUE(early);
  EXPECT_EQ((*early)["count"], 1);
  EXPECT_EQ((*early)["examples"][0]["test"], "row-0");
  for (size_t i = 0; i < table.times.size(); ++i)  // As numbers: 9 is before 10.
    table.times[i] = table.splits[i] == "test" ? "10" : "9";
  EXPECT_EQ(state_of(look(table), "time_order"), "clean");
  table.times[1] = "yesterday";
  EXPECT_EQ(state_of(look(table), "time_order"), "skipped");
}

TEST(Leakage, FindsColumnsThatGiveTheClassAway) {
  for (const std::string how : {"number", "category", "missing"}) {
    Table table = clean(PayloadKind::columns, 11);
    Rng rng(12);
    for (size_t i = 0; i < table.payloads.size(); ++i) {
      const bool spam = table.labels[i] == 1;
      const std::string number = fmt::format("{:.4f}", rng.normal());
      table.payloads[i].cells[0] = how == "number"     ? fmt::format("{:.4f}", rng.uniform() - spam)
                                   : how == "category" ? (spam ? "paid" : "refused")
                                   : spam              ? ""
                                                       : number;
    }
    const Json report = look(table);
    const Json* telling = finding_of(report, "single_feature");
    ASSERT_TRUE(telling) << how << report.dump(1);
    EXPECT_EQ((*telling)["count"], 1);
    EXPECT_EQ((*telling)["examples"][0]["column"], "size");
    EXPECT_EQ((*telling)["severity"], "high");
    EXPECT_EQ(report["findings"].size(), 1u);
  }
}

TEST(Leakage, FindsAWordThatGivesTheClassAway) {
  Table table = clean(PayloadKind::text, 13);
  table.classes = {"ham", "other", "spam"};
  for (size_t i = 0; i < table.payloads.size(); ++i) {
    if (table.labels[i] == 1) table.labels[i] = 2;
    if (i % 5 == 0) table.labels[i] = 1;
    if (table.labels[i] == 2) table.payloads[i].text += " Folder:SPAM";
  }
  const Json report = look(table);
  const Json* telling = finding_of(report, "single_feature");
  ASSERT_TRUE(telling);
  EXPECT_EQ((*telling)["count"], 2);
  EXPECT_EQ((*telling)["examples"][0]["word"], "folder");
  EXPECT_EQ((*telling)["examples"][1]["word"], "spam");
  EXPECT_EQ((*telling)["examples"][1]["class"], "spam");
  EXPECT_EQ((*telling)["examples"][1]["auc"], 1);
}

TEST(Leakage, FindsSidesFromDifferentSources) {
  Table table = clean(PayloadKind::columns, 14);
  for (size_t i = 0; i < table.payloads.size(); ++i) {  // Half of the test rows are of one kind.
    if (table.splits[i] == "test" && i % 2) table.payloads[i].cells[1] = "kind9";
  }
  const Json report = look(table);
  const Json* apart = finding_of(report, "adversarial_validation");
  ASSERT_TRUE(apart);
  EXPECT_EQ((*apart)["examples"][0]["feature"], "kind");
  EXPECT_GT((*apart)["data"]["auc"]["ci_low"], 0.6);
  EXPECT_LT((*apart)["data"]["auc"]["ci_low"], (*apart)["data"]["auc"]["value"]);
}

TEST(Leakage, FindsTextsFromAnotherSource) {
  Table table = clean(PayloadKind::text, 20);
  Rng rng(21);
  for (size_t i = 0; i < table.payloads.size(); ++i) {
    for (int w = 0; w < 6 && table.splits[i] == "test"; ++w)
      table.payloads[i].text += fmt::format(" late{}", rng.below(12));
  }
  const Json report = look(table);
  const Json* apart = finding_of(report, "adversarial_validation");
  ASSERT_TRUE(apart) << report.dump(1);
  EXPECT_EQ((*apart)["severity"], "high");
  EXPECT_EQ((*apart)["examples"][0]["feature"].get<std::string>().find("late"), 0u);
}

TEST(Leakage, IsTheSameEveryTime) {
  const Table table = clean(PayloadKind::columns, 15, 300);
  EXPECT_EQ(look(table), look(table));
}

TEST(Leakage, TwoFilesAreOneTableWithASplit) {
  Table train = clean(PayloadKind::text, 16, 60);
  Table test = clean(PayloadKind::text, 17, 30);
  test.classes = {"eggs", "ham"};  // Ids mean other classes than in training.
  const Table joined = join_sides(train, test);
  EXPECT_EQ(joined.classes, (std::vector<std::string>{"eggs", "ham", "spam"}));
  EXPECT_EQ(std::ranges::count(joined.splits, "train"), 60);
  EXPECT_EQ(std::ranges::count(joined.splits, "test"), 30);
  for (size_t i = 0; i < 60; ++i) EXPECT_EQ(joined.labels[i], train.labels[i] + 1);
  for (size_t i = 0; i < 30; ++i) EXPECT_EQ(joined.labels[60 + i], test.labels[i]);
  EXPECT_THROW(join_sides(train, clean(PayloadKind::columns, 18, 30)), Error);
}

TEST(Leakage, RefusesOneSideAlone) {
  Table table = clean(PayloadKind::text, 19, 30);
  std::ranges::fill(table.splits, "train");
  EXPECT_THROW(look(table), Error);
}

}  // namespace querist::loop
