// Costs, side files and the figures over groups, each against counts or hand-made
// cases.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "loop/loop_fixture.h"
#include "loop/simulation/finished_runs.h"
#include "loop/simulation/groups.h"
#include "loop/simulation/run_record.h"
#include "loop/simulation/stage.h"

namespace querist::loop {

static Table small_table() {
  Table table;
  table.classes = {"ham", "spam"};
  for (int i = 0; i < 120; ++i) {
    NewExample example = generated_text(i);
    table.payloads.push_back(example.payload);
    table.labels.push_back(example.label == "spam");
    table.source_rows.push_back(i);
    table.splits.push_back(i % 4 ? "train" : "test");
    table.groups.push_back(i % 2 ? "2" : "0.5");
  }
  return table;
}

static SimulationPlan small_plan() {
  SimulationPlan plan;
  plan.strategies = {"margin", "random"};
  plan.learner = "logistic_regression(strength=1),naive_bayes";
  plan.initial = 6;
  plan.batch_size = 5;
  plan.budget = 16;
  plan.seeds = 2;
  plan.full_accuracy = true;
  return plan;
}

TEST(Simulate, RunsEachLearnerAndCountsWhatLabelsCost) {
  SimulationPlan plan = small_plan();
  plan.cost_per_label = 3;
  plan.costs_by_row = true;
  plan.crowd = {.annotators = 5, .votes = 2, .accuracy = {0.9}};
  const auto simulation = simulate(small_table(), plan, Progress());
  ASSERT_EQ(simulation.runs.size(), 8u);
  EXPECT_EQ(simulation.runs[0].learner, "logistic_regression(strength=1)");
  EXPECT_EQ(simulation.runs[7].learner, "naive_bayes");
  EXPECT_EQ(simulation.runs[0].indices[0], simulation.runs[4].indices[0]);
  for (const SimulationRun& run : simulation.runs) {
    double cost = 0;
    for (size_t i = 0; i < run.indices.size(); ++i) {
      for (const int64_t row : run.indices[i]) cost += 3 * 2 * (row % 2 ? 2 : 0.5);
      EXPECT_NEAR(run.cost[i], cost, 1e-9);
    }
    EXPECT_EQ(run.ece.size(), run.labels.size());
    ASSERT_TRUE(run.full_accuracy);
    EXPECT_GT(*run.full_accuracy, 0.5);
  }
  Table bad = small_table();
  bad.groups[7] = "free";
  EXPECT_THROW(simulate(bad, plan, Progress()), Error);
}

TEST(RunRecord, CountsLabelsInWholeNumbers) {
  SimulationRun run;
  run.labels = {20, 40};
  run.accuracy = {0.5, 1};
  run.cost = {1.5, 3};
  run.stops = {{.rule = "no_gain", .labels = 40}};
  const Json json = run_json(run);
  EXPECT_EQ(json["labels"].dump(), "[20,40]");
  EXPECT_EQ(json["stops"][0]["labels"].dump(), "40");
  EXPECT_EQ(json["cost"].dump(), "[1.5,3.0]");
  EXPECT_EQ(run_of(parse_json(json.dump())).labels, run.labels);
}

TEST(Simulate, GoesOnFromTheSideFileToTheSameResult) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("querist_side_" + std::to_string(getpid()) + ".runs");
  std::filesystem::remove(path);
  SimulationPlan plan = small_plan();
  const auto whole = simulate(small_table(), plan, Progress());
  plan.side_file = path;
  simulate(small_table(), plan, Progress());
  const std::string full = read_file(path);
  // Cut behind every run, and within a line, as a process killed there leaves it.
  for (size_t cut = full.find('\n') + 1; cut < full.size(); cut = full.find('\n', cut) + 1) {
    for (const size_t extra : {size_t{0}, size_t{40}}) {
      write_file_atomically(path, full.substr(0, cut + extra));
      const auto again = simulate(small_table(), plan, Progress());
      const auto kept = std::count(full.begin(), full.begin() + static_cast<long>(cut), '\n') - 1;
      EXPECT_EQ(again.resumed, static_cast<size_t>(kept));
      for (size_t i = 0; i < whole.runs.size(); ++i) {
        EXPECT_EQ(again.runs[i].indices, whole.runs[i].indices);
        EXPECT_EQ(again.runs[i].accuracy, whole.runs[i].accuracy);
        EXPECT_EQ(again.runs[i].log_loss, whole.runs[i].log_loss);
        EXPECT_EQ(again.runs[i].ece, whole.runs[i].ece);
        EXPECT_EQ(again.runs[i].full_accuracy, whole.runs[i].full_accuracy);
      }
    }
  }
  // A digit that is another than was written: that run alone is made again, and stored anew.
  std::string damaged = full;
  const size_t at = damaged.find("\"accuracy\":[0.") + 14;
  damaged[at] = damaged[at] == '5' ? '6' : '5';
  write_file_atomically(path, damaged);
  for (const size_t resumed : {7, 8}) {
    const auto again = simulate(small_table(), plan, Progress());
    EXPECT_EQ(again.resumed, resumed);
    EXPECT_EQ(again.damaged, 1u);  // The line stays in the file.
    for (size_t i = 0; i < whole.runs.size(); ++i)
      EXPECT_EQ(again.runs[i].accuracy, whole.runs[i].accuracy);
  }
  // Lines without checksums, as they were written once, count as they are.
  std::string old = full;
  for (size_t begin; (begin = old.find("\"check\"")) != std::string::npos;)
    old.erase(begin, std::string_view("\"check\":\"0123456789abcdef\",").size());
  write_file_atomically(path, old);
  EXPECT_EQ(simulate(small_table(), plan, Progress()).resumed, 8u);
  plan.budget = 15;  // Another plan, and other data, begin anew.
  EXPECT_EQ(simulate(small_table(), plan, Progress()).resumed, 0u);
  Table other = small_table();
  other.labels[3] = 1 - other.labels[3];
  EXPECT_EQ(simulate(other, plan, Progress()).resumed, 0u);
  EXPECT_EQ(simulate(other, plan, Progress()).resumed, 8u);
  std::filesystem::remove(path);
}

TEST(Simulate, KeepsStopsTyposAndAutosLearnersInTheSideFile) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("querist_auto_" + std::to_string(getpid()) + ".runs");
  std::filesystem::remove(path);
  SimulationPlan plan = small_plan();
  plan.learner = "auto,naive_bayes";
  plan.budget = 31;
  plan.full_accuracy = false;
  plan.typos = 0.2;
  plan.stopping = {"classification_change(change=0.5)", "pool_exhausted"};
  const auto whole = simulate(small_table(), plan, Progress());
  ASSERT_EQ(whole.runs.size(), 8u);  // auto is one learner, whatever it chooses.
  EXPECT_EQ(whole.runs[0].learner, "auto");
  EXPECT_EQ(whole.runs[0].learners.size(), whole.runs[0].labels.size());
  EXPECT_TRUE(whole.runs[4].learners.empty());
  plan.side_file = path;
  simulate(small_table(), plan, Progress());
  const auto again = simulate(small_table(), plan, Progress());
  EXPECT_EQ(again.resumed, 8u);
  for (size_t i = 0; i < whole.runs.size(); ++i) {
    const SimulationRun& run = again.runs[i];
    EXPECT_EQ(run.learners, whole.runs[i].learners);
    EXPECT_EQ(run.typo_accuracy, whole.runs[i].typo_accuracy);
    ASSERT_EQ(run.stops.size(), 2u);
    EXPECT_TRUE(run.stops[0].labels);
    EXPECT_EQ(run.stops[0].labels, whole.runs[i].stops[0].labels);
    EXPECT_EQ(run.stops[0].accuracy, whole.runs[i].stops[0].accuracy);
    EXPECT_FALSE(run.stops[1].labels);
    EXPECT_EQ(run.stops[1].accuracy, run.accuracy.back());
    EXPECT_EQ(run.stops[1].accuracy, whole.runs[i].stops[1].accuracy);
    EXPECT_TRUE(run.full_accuracy) << "stopping asks for it";
  }
  const Json result = simulation_json(again, "accuracy");
  ASSERT_EQ(result["stopping"].size(), 8u);  // Two learners, two strategies, two rules.
  EXPECT_EQ(result["stopping"][4]["name"], "margin / naive_bayes");
  EXPECT_EQ(result["stopping"][4]["stopped"], 2);
  plan.typos = 0.1;  // Another plan.
  EXPECT_EQ(simulate(small_table(), plan, Progress()).resumed, 0u);
  std::filesystem::remove(path);
}

TEST(Simulate, KeepsWhatPseudoLabelsDidInTheSideFile) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("querist_ssl_" + std::to_string(getpid()) + ".runs");
  std::filesystem::remove(path);
  SimulationPlan plan = small_plan();
  plan.learner = "logistic_regression(strength=1)";
  plan.ssl = "self_training";
  plan.initial_per_class = 3;
  plan.side_file = path;
  const auto whole = simulate(small_table(), plan, Progress());
  const auto again = simulate(small_table(), plan, Progress());
  EXPECT_EQ(again.resumed, whole.runs.size());
  for (size_t i = 0; i < whole.runs.size(); ++i) {
    ASSERT_EQ(whole.runs[i].semi_supervised.size(), whole.runs[i].labels.size());
    EXPECT_EQ(whole.runs[i].labels[0], 6);
    EXPECT_GT(whole.runs[i].semi_supervised[0]["pseudo_labels"].get<int>(), 0);
    EXPECT_EQ(again.runs[i].semi_supervised, whole.runs[i].semi_supervised);
  }
  plan.initial_per_class = 2;
  EXPECT_EQ(simulate(small_table(), plan, Progress()).resumed, 0u);
  plan.ssl = "off";
  EXPECT_EQ(simulate(small_table(), plan, Progress()).resumed, 0u);
  plan.ssl = "auto";
  plan.typos = 0.1;
  plan.augment = "typos";
  EXPECT_THROW(simulate(small_table(), plan, Progress()), Error);
  std::filesystem::remove(path);
}

TEST(LabelsToReach, TakesMediansAndCountsNever) {
  std::vector<SimulationRun> runs(7);
  RunGroup group;
  for (size_t i = 0; i < runs.size(); ++i) {
    runs[i].labels = {10, 20};
    runs[i].accuracy = {0.0, i < 3 ? 0.5 : 1.0};  // Three seeds stop half way.
    runs[i].full_accuracy = 1;
    group.runs.push_back(&runs[i]);
  }
  const Json rows = labels_to_reach(group);
  EXPECT_EQ(rows[0]["reached"], 4);
  EXPECT_NEAR(rows[0]["median"].get<double>(), 19, 1e-9);  // 0.9 on the line from 0 to 1.
  EXPECT_NEAR(rows[0]["ci_low"].get<double>(), 19, 1e-9);  // Of 7, the least and the most.
  EXPECT_TRUE(rows[0]["ci_high"].is_null());
  EXPECT_NEAR(rows[2]["median"].get<double>(), 19.9, 1e-9);
  runs[3].accuracy[1] = 0.5;
  EXPECT_TRUE(labels_to_reach(group)[0]["median"].is_null());
  runs[0].full_accuracy.reset();
  EXPECT_TRUE(labels_to_reach(group).empty());
}

TEST(RankTests, TakeAreasThatRoundingToldApartForEqual) {
  // Equal on every seed but one; in doubles the first is a bit above on all of them.
  std::vector<RunGroup> groups(2);
  for (int seed = 0; seed < 6; ++seed) {
    groups[0].areas.push_back(0.1 + 0.2);
    groups[1].areas.push_back(seed == 5 ? 0.4 : 0.3);
  }
  const Json ranks = rank_tests(groups);
  EXPECT_DOUBLE_EQ(ranks["groups"][0]["rank_mean"].get<double>(), (5 * 1.5 + 2) / 6);
  EXPECT_DOUBLE_EQ(ranks["groups"][1]["rank_mean"].get<double>(), (5 * 1.5 + 1) / 6);
  // One seed alone ranks them, and either could have come first.
  EXPECT_DOUBLE_EQ(ranks["friedman_p_value"].get<double>(), 1);
  EXPECT_DOUBLE_EQ(pair_tests(groups)[0]["p_value"].get<double>(), 1);
}

TEST(RankTests, JoinNeighboursWithinTheCriticalDifference) {
  std::vector<RunGroup> groups(3);
  for (size_t g = 0; g < 3; ++g) groups[g].name = std::string(1, static_cast<char>('a' + g));
  for (int seed = 0; seed < 10; ++seed) {
    groups[0].areas.push_back(seed % 2 ? 0.9 : 0.8);
    groups[1].areas.push_back(0.85);
    groups[2].areas.push_back(0.1);
  }
  const Json ranks = rank_tests(groups);
  EXPECT_NEAR(ranks["groups"][0]["rank_mean"].get<double>(), 1.5, 1e-12);
  EXPECT_EQ(ranks["cliques"], Json::parse(R"([["a","b"]])"));  // 1.5 apart from c, over 1.048.
  EXPECT_NEAR(ranks["critical_difference"].get<double>(), 2.3437 * std::sqrt(12.0 / 60), 1e-4);
  const Json pairs = pair_tests(groups);
  EXPECT_EQ(pairs.size(), 3u);
  EXPECT_NEAR(pairs[1]["p_value"].get<double>(), 2.0 / 1024, 1e-12);  // All ten of one sign.
  EXPECT_NEAR(pairs[1]["p_holm"].get<double>(), 6.0 / 1024, 1e-12);
  groups.pop_back();
  groups.pop_back();
  EXPECT_TRUE(rank_tests(groups).is_null());
}

}  // namespace querist::loop
