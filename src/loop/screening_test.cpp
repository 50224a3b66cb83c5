// Simulated screening: every order is one of all records, and what is counted follows from it.
#include "loop/screening.h"

#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "base/threads.h"
#include "loop/loop_fixture.h"
#include "metrics/work_saved.h"

namespace querist::loop {

// Texts, of which every eighth spam stays; file rows are the odd ones.
static Table review_table(int rows) {
  Table table;
  table.classes = {"ham", "spam"};
  for (int i = 0; i < rows; ++i) {
    NewExample example = generated_text(i);
    if (example.label == "spam" && i % 8) continue;
    table.payloads.push_back(example.payload);
    table.labels.push_back(example.label == "spam");
    table.source_rows.push_back(2 * i + 1);
    table.splits.emplace_back();
  }
  return table;
}

static SimulationPlan review_plan() {
  SimulationPlan plan;
  plan.strategies = {"certainty", "random"};
  plan.learner = "naive_bayes(class_weight=balanced)";
  plan.batch_size = 1;
  plan.seeds = 3;
  return plan;
}

static Screening run(const Table& table, const SimulationPlan& plan, const std::string& of = "") {
  return simulate_screening(table, plan, of, Progress());
}

TEST(Screening, ReadsUntilEveryRelevantRecordIsFound) {
  const Table table = review_table(240);
  const auto relevant = std::count(table.labels.begin(), table.labels.end(), 1);
  const Screening screening = run(table, review_plan());
  EXPECT_EQ(screening.records, table.labels.size() - 2);
  EXPECT_EQ(screening.relevant, static_cast<size_t>(relevant) - 1);
  EXPECT_EQ(screening.relevant_class, "spam") << "the rarer class";
  ASSERT_EQ(screening.runs.size(), 6u);
  std::map<int64_t, int32_t> label_of;
  for (size_t i = 0; i < table.labels.size(); ++i) label_of[table.source_rows[i]] = table.labels[i];
  for (const ScreeningRun& one : screening.runs) {
    ASSERT_EQ(one.prior.size(), 2u);
    EXPECT_EQ(label_of.at(one.prior[0]), 1);
    EXPECT_EQ(label_of.at(one.prior[1]), 0);
    EXPECT_EQ(one.prior, screening.runs[one.seed].prior) << "strategies of a seed start alike";
    std::set<int64_t> seen(one.prior.begin(), one.prior.end());
    std::vector<int64_t> found_at;
    for (size_t i = 0; i < one.indices.size(); ++i) {
      EXPECT_TRUE(seen.insert(one.indices[i]).second) << "row " << one.indices[i];
      if (label_of.at(one.indices[i]) == 1) found_at.push_back(static_cast<int64_t>(i) + 1);
    }
    EXPECT_EQ(one.found_at, found_at);
    EXPECT_EQ(found_at.size(), screening.relevant);
  }
}

TEST(Screening, GivesTheSameOrdersOnOneThreadAndOnTwo) {
  const Table table = review_table(160);
  set_threads(1);
  const Screening alone = run(table, review_plan());
  set_threads(2);
  const Screening both = run(table, review_plan());
  ASSERT_EQ(alone.runs.size(), both.runs.size());
  for (size_t i = 0; i < alone.runs.size(); ++i) {
    EXPECT_EQ(alone.runs[i].indices, both.runs[i].indices);
  }
}

// The generated words tell the classes apart, so that nearly all relevant records come first.
TEST(Screening, CertaintySavesReading) {
  const Json result = screening_json(run(review_table(400), review_plan()));
  EXPECT_GT(result["summary"][0]["wss_95_mean"].get<double>(), 0.5);
  EXPECT_LT(std::abs(result["summary"][1]["wss_95_mean"].get<double>()), 0.2);
  EXPECT_GT(result["comparisons"][0]["wss_95_difference"].get<double>(), 0.3);
  EXPECT_EQ(result["comparisons"][0]["against"], "random");
}

TEST(Screening, LooksForTheClassThatIsNamed) {
  Table table = review_table(200);
  SimulationPlan plan = review_plan();
  plan.strategies = {"certainty"};
  plan.seeds = 1;
  const Screening ham = run(table, plan, "ham");
  EXPECT_EQ(ham.relevant_class, "ham");
  // Nearly all records are ham: reading on by certainty of it meets the few others last.
  const auto& found_at = ham.runs[0].found_at;
  EXPECT_LT(found_at[found_at.size() / 2], static_cast<int64_t>(found_at.size() / 2 + 4));
  EXPECT_THROW(run(table, plan, "eggs"), Error);
}

TEST(Screening, RefusesWhatItCannotScreen) {
  Table one = review_table(40);
  std::fill(one.labels.begin(), one.labels.end(), 0);
  one.labels[0] = 1;
  EXPECT_THROW(run(one, review_plan()), Error);
  Table three = review_table(40);
  three.classes.emplace_back("third");
  EXPECT_THROW(run(three, review_plan()), Error);
}

TEST(Screening, IsToldAsAPage) {
  const Screening screening = run(review_table(240), review_plan());
  const Json result = screening_json(screening);
  const std::string page = screening_html(result, "re<views>", "querist simulate x");
  for (const std::string& said :
       {fmt::format("{} records to read, {} of them relevant (class spam)", screening.records,
                    screening.relevant),
        fmt::format("<td>{:.4f}</td>", result["summary"][0]["reading_saved_95_mean"].get<double>()),
        std::string("certainty against random"), std::string("re&lt;views&gt;"),
        std::string(">records read</text>"), std::string("<code>querist simulate x</code>")})
    EXPECT_NE(page.find(said), std::string::npos) << said;
  // Lines begin with nothing read and nothing found and end with all of both, at two corners.
  size_t lines = 0;
  for (size_t at = 0; (at = page.find("<polyline points=\"", at)) != std::string::npos; ++lines) {
    const std::string points = page.substr(at + 18, page.find('"', at + 18) - at - 18);
    EXPECT_TRUE(points.starts_with("60.0,340.0 ")) << points;
    EXPECT_TRUE(points.ends_with(" 740.0,20.0 ")) << points;
    at += 18;
  }
  EXPECT_EQ(lines, 2u);
}

}  // namespace querist::loop
