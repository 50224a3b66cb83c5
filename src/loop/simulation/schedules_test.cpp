// Several batch sizes and budgets: every one gives what it gives alone, whether its runs were made
// or taken from longer ones.
#include "loop/simulation/schedules.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/threads.h"
#include "loop/loop_fixture.h"
#include "loop/simulation/run_record.h"
#include "loop/simulation/sections.h"

namespace querist::loop {

static Table texts(int rows) {
  Table table;
  table.classes = {"ham", "spam"};
  for (int i = 0; i < rows; ++i) {
    const NewExample example = generated_text(i);
    table.payloads.push_back(example.payload);
    table.labels.push_back(example.label == "spam");
    table.source_rows.push_back(i + 1);
    table.splits.push_back(i % 4 ? "train" : "test");
    table.groups.push_back(i % 3 ? "1" : "2.5");
  }
  return table;
}

// Everything on that a run tells along the way.
static SimulationPlan rich_plan() {
  SimulationPlan plan;
  plan.strategies = {"margin", "random"};
  plan.learner = "naive_bayes,logistic_regression";
  plan.initial = 6;
  plan.seeds = 2;
  plan.audit_share = 0.4;
  plan.typos = 0.1;
  plan.cost_per_label = 2;
  plan.costs_by_row = true;
  plan.stopping = {"classification_change(change=0.5)", "pool_exhausted"};
  plan.schedules = {{10, 26}, {10, 90}, {10, 31}, {7, 90}, {7, 41}, {10, 200}, {10, 6}};
  return plan;
}

// All of a run but the times and the schedule's names.
static Json told(const SimulationRun& run) {
  Json json = run_json(run);
  for (const char* key : {"seconds", "batch_size", "budget"}) json.erase(key);
  return json;
}

TEST(Schedules, GiveWhatEachGivesAloneOnOneThreadAndOnTwo) {
  const Table table = texts(200);  // A pool of 150, so that one budget ends with it.
  const SimulationPlan plan = rich_plan();
  set_threads(1);
  const auto all = simulate(table, plan, Progress());
  set_threads(2);
  const auto parallel = simulate(table, plan, Progress());
  set_threads(0);
  ASSERT_EQ(all.runs.size(), 7u * 8);
  for (size_t s = 0; s < plan.schedules.size(); ++s) {
    SimulationPlan lone = plan;
    lone.schedules.clear();
    lone.batch_size = plan.schedules[s].batch_size;
    lone.budget = plan.schedules[s].budget;
    const auto alone = simulate(table, lone, Progress());
    ASSERT_EQ(alone.runs.size(), 8u);
    for (size_t i = 0; i < 8; ++i) {
      const SimulationRun& run = all.runs[8 * s + i];
      EXPECT_EQ(told(run), told(alone.runs[i])) << "schedule " << s << ", run " << i;
      EXPECT_EQ(told(run), told(parallel.runs[8 * s + i]));
      EXPECT_EQ(run.batch_size, lone.batch_size);
      EXPECT_EQ(run.budget, lone.budget);
      EXPECT_EQ(run.seconds.size(), run.labels.size());
      EXPECT_EQ(alone.runs[i].budget, 0u) << "one schedule is not named";
      for (size_t k = 0; k < run.stops.size(); ++k)
        EXPECT_EQ(run.stops[k].accuracy, alone.runs[i].stops[k].accuracy);
    }
  }
}

TEST(Schedules, TakeRunsFromLongerOnesWhereABatchEndsThere) {
  const auto all = simulate(texts(200), rich_plan(), Progress());
  const auto taken = [&](size_t schedule, size_t longer) {
    const auto& run = all.runs[8 * schedule];
    const auto& from = all.runs[8 * longer];
    // The clock tells a run from its repetition.
    return std::equal(run.seconds.begin(), run.seconds.end(), from.seconds.begin());
  };
  EXPECT_TRUE(taken(0, 5)) << "26 is 6 and two batches of 10";
  EXPECT_TRUE(taken(6, 5)) << "the initial labels alone";
  EXPECT_FALSE(taken(2, 5)) << "31 ends within a batch of 10";
  EXPECT_TRUE(taken(4, 3)) << "41 is 6 and five batches of 7";
  EXPECT_FALSE(taken(4, 5)) << "of another batch size";
}

TEST(Schedules, CutTheGuardsTurnsWithTheRun) {
  SimulationRun run;
  run.labels = {6, 16, 26, 36};
  run.accuracy = {0.5, 0.6, 0.7, 0.8};
  run.guard_raised = {1, 3};  // Before the points with 16 and with 36 labels.
  run.guard_ended = {2};
  const auto shorter = beginning_of(run, 26);
  ASSERT_TRUE(shorter);
  EXPECT_EQ(shorter->guard_raised, (std::vector<size_t>{1}));
  EXPECT_EQ(shorter->guard_ended, (std::vector<size_t>{2}));
  EXPECT_EQ(shorter->accuracy.back(), 0.7);
  EXPECT_FALSE(beginning_of(run, 30));
  EXPECT_EQ(beginning_of(run, 40)->labels, run.labels) << "the pool ended at 36";
}

TEST(Schedules, AskForTheLabelsSavedAtTheEndOfEach) {
  SimulationPlan plan = rich_plan();
  plan.learner = "naive_bayes";
  plan.strategies = {"random"};
  plan.stopping.clear();
  plan.seeds = 1;
  plan.labels_saved = true;
  plan.audit_share = 0.5;
  plan.schedules = {{20, 206}, {20, 406}};
  const Table table = texts(1200);
  const auto both = simulate(table, plan, Progress());
  plan.schedules = {{20, 206}};
  const auto alone = simulate(table, plan, Progress());
  ASSERT_FALSE(alone.runs[0].labels_saved.is_null());
  EXPECT_EQ(both.runs[0].labels_saved, alone.runs[0].labels_saved);
  EXPECT_NE(both.runs[0].labels_saved, both.runs[1].labels_saved);
}

TEST(Schedules, GoOnFromTheSideFileToTheSameResult) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("querist_schedules_" + std::to_string(getpid()) + ".runs");
  std::filesystem::remove(path);
  const Table table = texts(160);
  SimulationPlan plan = rich_plan();
  const auto whole = simulate(table, plan, Progress());
  plan.side_file = path;
  simulate(table, plan, Progress());
  const std::string full = read_file(path);
  const auto lines = static_cast<size_t>(std::count(full.begin(), full.end(), '\n')) - 1;
  ASSERT_EQ(lines, whole.runs.size());
  size_t cut = full.find('\n') + 1;
  for (size_t kept = 0; kept < lines; kept += 9) {
    write_file_atomically(path, full.substr(0, cut + 30));
    const auto again = simulate(table, plan, Progress());
    EXPECT_EQ(again.resumed, kept);
    for (size_t i = 0; i < whole.runs.size(); ++i) {
      EXPECT_EQ(told(again.runs[i]), told(whole.runs[i]));
      EXPECT_EQ(again.runs[i].budget, whole.runs[i].budget);
    }
    for (size_t line = 0; line < 9 && cut < full.size(); ++line) cut = full.find('\n', cut) + 1;
  }
  plan.schedules.pop_back();
  EXPECT_EQ(simulate(table, plan, Progress()).resumed, 0u) << "another plan";
  std::filesystem::remove(path);
}

TEST(Schedules, RefuseWhatCannotBe) {
  const Table table = texts(80);
  SimulationPlan plan = rich_plan();
  for (const Schedule wrong : {Schedule{10, 26}, Schedule{0, 26}, Schedule{10, 5}}) {
    plan.schedules = {{10, 26}, wrong};
    EXPECT_THROW(simulate(table, plan, Progress()), Error);
  }
}

TEST(Sections, JudgeEachScheduleAsItIsJudgedAlone) {
  const Table table = texts(160);
  SimulationPlan plan = rich_plan();
  plan.schedules = {{10, 26}, {10, 46}, {5, 26}};
  const Json result = simulation_json(simulate(table, plan, Progress()), "accuracy");
  ASSERT_EQ(result["runs"].size(), 3u * 8);
  ASSERT_EQ(result["ranks"].size(), 3u);
  const auto sections = sections_of(result);
  ASSERT_EQ(sections.size(), 3u);
  EXPECT_EQ(section_title(sections[1]), "batches of 10, 46 labels");
  for (size_t s = 0; s < 3; ++s) {
    SimulationPlan lone = plan;
    lone.schedules = {plan.schedules[s]};
    const Json alone = simulation_json(simulate(table, lone, Progress()), "accuracy");
    EXPECT_EQ(section_title(alone), "");
    EXPECT_EQ(sections_of(alone), std::vector<Json>{alone});
    const Json named = {{"batch_size", plan.schedules[s].batch_size},
                        {"budget", plan.schedules[s].budget}};
    for (const char* list : {"summary", "comparisons", "pairs", "stopping"}) {
      ASSERT_EQ(sections[s][list].size(), alone[list].size()) << list;
      for (size_t i = 0; i < alone[list].size(); ++i) {
        EXPECT_FALSE(alone[list][i].contains("budget"));
        Json expected = alone[list][i];
        expected.update(named);
        Json found = sections[s][list][i];
        for (Json* row : {&expected, &found}) row->erase("seconds_per_round_mean");
        EXPECT_EQ(found, expected);
      }
    }
    Json ranks = alone["ranks"];
    ranks.update(named);
    EXPECT_EQ(sections[s]["ranks"], ranks);
  }
  const std::string page = simulation_html(result, "texts");
  for (const char* said : {"Batches of 10, 46 labels", "id=\"section-3\"", "href=\"#section-3\""})
    EXPECT_NE(page.find(said), std::string::npos) << said;
}

}  // namespace querist::loop
