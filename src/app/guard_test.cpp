// The guard in a project: its turn is an event, its random rows are trained on, replays are exact.
#include <gtest/gtest.h>

#include "app/oracle_fixture.h"
#include "loop/progress_report.h"
#include "storage/annotations.h"
#include "storage/events.h"

namespace querist::app {

using loop::Bench;

// Three rows in four lie in a narrow cone, where the second column tells the class; the others,
// which a strategy that spreads buys first, tell the opposite.
static NewExample generated_trap(int i) {
  Rng rng(mix_seed(15, static_cast<uint64_t>(i)));
  const bool stray = rng.uniform() < 0.25;
  const bool is_spam = rng.uniform() < 0.5;
  NewExample example;
  for (int d = 0; d < 12; ++d)
    example.payload.embedding.push_back(static_cast<float>(rng.normal() * (stray ? 2 : 1)));
  std::vector<float>& x = example.payload.embedding;
  x[0] += stray ? 0.0f : 6.0f;
  x[1] = (is_spam != stray ? 2.0f : -2.0f) + x[1] / 2;
  example.label = is_spam ? "spam" : "ham";
  return example;
}

static Json trap_settings(bool guard) {
  return {{"strategy", "k_center"}, {"audit_share", 0.2}, {"guard", guard}};
}

static size_t events_of(Bench& bench, std::string_view kind) {
  size_t count = 0;
  storage::EventQuery query;
  query.limit = 1'000;
  for (;;) {
    const auto page = storage::events(bench.store(), query);
    for (const Event& event : page.items) count += event.kind == kind;
    if (!page.next || page.items.empty()) return count;
    query.after = *page.next;
  }
}

TEST(ProjectGuard, RaisesTheRandomShareInATrapAndReplaysExactly) {
  Bench bench(trap_settings(true));
  bench.add(PayloadKind::embedding, generated_trap, 0, 2'000);
  run_rounds(bench, 32);
  EXPECT_GE(events_of(bench, "guard_raised"), 1u);
  size_t raised = 0;
  for (const StoredSelection& selection : bench.selections()) {
    EXPECT_TRUE(loop::replay(bench.workshop(), selection, bench.quiet()).identical)
        << "selection " << selection.id;
    if (!selection.data["guard"]["raised"].get<bool>()) {
      EXPECT_FALSE(selection.data.contains("random_rows"));
      continue;
    }
    ++raised;
    size_t at_random = 0;
    const auto rows = selection.data["random_rows"].get<std::vector<int64_t>>();
    for (const SelectionItem& item : selection.items) {
      const bool drawn = std::find(rows.begin(), rows.end(), item.row) != rows.end();
      EXPECT_FALSE(drawn && item.audit);
      at_random += drawn || item.audit;
    }
    EXPECT_EQ(at_random, selection.items.size() / 2);
  }
  EXPECT_GE(raised, 3u);
  const Json progress = loop::progress_report(bench.store(), bench.project());
  EXPECT_EQ(progress["stop"]["advice"], "switch");
  EXPECT_EQ(
      progress["stop"]["sentence"].get<std::string>().find("Switch to a strategy other than "), 0u);
  const Json& report = progress["guard"];
  EXPECT_TRUE(report["watched"].get<bool>());
  EXPECT_TRUE(report["raised"].get<bool>()) << report.dump();
  bench.set({{"strategy", "margin"}});  // What is known is known of the other strategy.
  EXPECT_FALSE(loop::progress_report(bench.store(), bench.project())["guard"]["raised"]);
  run_rounds(bench, 1);
  EXPECT_FALSE(bench.selections().back().data.contains("random_rows"));
}

TEST(ProjectGuard, IsSilentWhereItIsOffOrTheStrategyIsRandom) {
  for (const Json& change : {Json{{"guard", false}}, Json{{"strategy", "random"}}}) {
    Json settings = trap_settings(true);
    settings.update(change);
    Bench bench(settings);
    bench.add(PayloadKind::embedding, generated_trap, 0, 300);
    run_rounds(bench, 3);
    EXPECT_FALSE(bench.selections().back().data.contains("guard"));
    const Json report = loop::progress_report(bench.store(), bench.project())["guard"];
    EXPECT_FALSE(report["watched"].get<bool>());
    EXPECT_NE(report["sentence"].get<std::string>().find("Not watched"), std::string::npos);
  }
}

}  // namespace querist::app
