// Simulations: fair, repeatable, honest about every label they spend.
#include "loop/simulate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/threads.h"
#include "loop/loop_fixture.h"
#include "loop/simulation/comparisons.h"
#include "loop/simulation/typos.h"

namespace querist::loop {

// Texts of which every fourth is for testing; its rows are the odd ones of the file.
static Table generated_table(int rows) {
  Table table;
  table.classes = {"ham", "spam"};
  for (int i = 0; i < rows; ++i) {
    NewExample example = generated_text(i);
    table.payloads.push_back(example.payload);
    table.labels.push_back(example.label == "spam");
    table.source_rows.push_back(2 * i + 1);
    table.splits.push_back(i % 4 ? "train" : "test");
  }
  return table;
}

static SimulationPlan small_plan() {
  SimulationPlan plan;
  plan.strategies = {"margin", "random"};
  plan.initial = 6;
  plan.batch_size = 5;
  plan.budget = 23;
  plan.seeds = 3;
  return plan;
}

static Simulation run(const SimulationPlan& plan, int rows = 160) {
  const Progress quiet;
  return simulate(generated_table(rows), plan, quiet);
}

static void expect_equal(const Simulation& a, const Simulation& b) {
  ASSERT_EQ(a.runs.size(), b.runs.size());
  for (size_t i = 0; i < a.runs.size(); ++i) {
    EXPECT_EQ(a.runs[i].strategy, b.runs[i].strategy);
    EXPECT_EQ(a.runs[i].seed, b.runs[i].seed);
    EXPECT_EQ(a.runs[i].labels, b.runs[i].labels);
    EXPECT_EQ(a.runs[i].accuracy, b.runs[i].accuracy);
    EXPECT_EQ(a.runs[i].balanced_accuracy, b.runs[i].balanced_accuracy);
    EXPECT_EQ(a.runs[i].log_loss, b.runs[i].log_loss);
    EXPECT_EQ(a.runs[i].indices, b.runs[i].indices);
  }
}

TEST(Simulate, GivesTheSameRunsAgainOnOneThreadAndOnTwo) {
  set_threads(1);
  const Simulation alone = run(small_plan());
  set_threads(2);
  const Simulation first = run(small_plan());
  const Simulation second = run(small_plan());
  set_threads(0);
  expect_equal(alone, first);
  expect_equal(first, second);
  EXPECT_EQ(alone.rows, 160u);
  EXPECT_EQ(alone.pool, 120u);
  EXPECT_EQ(alone.test, 40u);
  EXPECT_EQ(alone.classes, 2u);
}

TEST(Simulate, KeepsItsVectorsInStepAndNamesRowsOfTheFile) {
  const Simulation simulation = run(small_plan());
  ASSERT_EQ(simulation.runs.size(), 6u);
  for (const SimulationRun& run : simulation.runs) {
    EXPECT_EQ(run.labels, (std::vector<double>{6, 11, 16, 21, 23}));
    EXPECT_EQ(run.accuracy.size(), 5u);
    EXPECT_EQ(run.balanced_accuracy.size(), 5u);
    EXPECT_EQ(run.log_loss.size(), 5u);
    EXPECT_EQ(run.seconds.size(), 5u);
    ASSERT_EQ(run.indices.size(), 5u);
    std::set<int64_t> seen;
    for (size_t i = 0; i < 5; ++i) {
      for (const int64_t row : run.indices[i]) {
        EXPECT_EQ(row % 2, 1);
        EXPECT_NE((row - 1) / 2 % 4, 0) << "a row of the test set";
        EXPECT_TRUE(seen.insert(row).second) << "row " << row << " twice";
      }
      EXPECT_EQ(static_cast<double>(seen.size()), run.labels[i]);
    }
  }
}

TEST(Simulate, StartsTheStrategiesOfASeedFromTheSameLabels) {
  const Simulation simulation = run(small_plan());
  for (size_t seed = 0; seed < 3; ++seed) {
    const SimulationRun& margin = simulation.runs[seed];
    const SimulationRun& random = simulation.runs[3 + seed];
    ASSERT_EQ(margin.seed, random.seed);
    EXPECT_EQ(margin.indices[0], random.indices[0]);
    EXPECT_EQ(margin.accuracy[0], random.accuracy[0]);
    EXPECT_NE(margin.indices[1], random.indices[1]);
  }
  EXPECT_NE(simulation.runs[0].indices[0], simulation.runs[1].indices[0]);
}

TEST(Simulate, AnswersWronglyAsOftenAsTold) {
  SimulationPlan plan = small_plan();
  plan.strategies = {"random"};
  plan.budget = 120;
  plan.batch_size = 114;
  const Simulation clean = run(plan);
  plan.noise = 1;
  const Simulation inverted = run(plan);
  plan.noise = 0.4;
  const Simulation noisy = run(plan);
  for (size_t seed = 0; seed < 3; ++seed) {
    EXPECT_EQ(clean.runs[seed].indices, noisy.runs[seed].indices);
    EXPECT_NE(clean.runs[seed].log_loss, noisy.runs[seed].log_loss);
    EXPECT_GT(clean.runs[seed].accuracy.back(), 0.6);
    EXPECT_LT(inverted.runs[seed].accuracy.back(), 0.4)
        << "two classes, each answered as the other";
  }
}

TEST(Simulate, SpendsAuditLabelsWithoutTrainingOnThem) {
  SimulationPlan plan = small_plan();
  const Simulation all = run(plan);
  plan.audit_share = 1;
  const Simulation none_trained = run(plan);
  EXPECT_EQ(all.runs[0].labels, none_trained.runs[0].labels);
  for (const SimulationRun& run : none_trained.runs) {
    for (const double accuracy : run.accuracy) EXPECT_EQ(accuracy, run.accuracy[0]);
  }
  plan.audit_share = 0.2;
  const Simulation some = run(plan);
  for (size_t i = 0; i < some.runs.size(); ++i) {
    EXPECT_EQ(all.runs[i].labels, some.runs[i].labels);
    EXPECT_EQ(all.runs[i].accuracy[0], some.runs[i].accuracy[0]);
    EXPECT_NE(all.runs[i].log_loss.back(), some.runs[i].log_loss.back());
  }
}

TEST(Simulate, EndsWithThePoolWhenTheBudgetIsLarger) {
  SimulationPlan plan = small_plan();
  plan.budget = 100'000;
  const Simulation simulation = run(plan, 40);
  for (const SimulationRun& run : simulation.runs) {
    EXPECT_EQ(run.labels.back(), 30);
    EXPECT_EQ(run.accuracy.back(), simulation.runs[run.seed].accuracy.back())
        << "all strategies of a seed end with the same labels";
  }
  plan.initial = 50;
  EXPECT_EQ(run(plan, 40).runs[0].labels, (std::vector<double>{30}));
}

TEST(Simulate, SplitsBySeedWhenAskedTo) {
  SimulationPlan plan = small_plan();
  plan.test_fraction = 0.25;
  const Simulation simulation = run(plan);
  EXPECT_EQ(simulation.test, 40u);
  EXPECT_EQ(simulation.pool, 120u);
  expect_equal(simulation, run(plan));
}

TEST(Simulate, LeavesOutRowsWithoutALabel) {
  Table table = generated_table(80);
  for (size_t i = 0; i < 80; i += 3) table.labels[i] = -1;
  SimulationPlan plan = small_plan();
  plan.budget = 1000;
  const Progress quiet;
  for (const auto& run : simulate(table, plan, quiet).runs) {
    for (const auto& picked : run.indices) {
      for (const int64_t row : picked) EXPECT_NE((row - 1) / 2 % 3, 0);
    }
  }
}

static std::string refusal(const Table& table, const SimulationPlan& plan) {
  const Progress quiet;
  try {
    simulate(table, plan, quiet);
  } catch (const Error& error) {
    EXPECT_NE(error.code(), Code::internal);
    return error.what();
  }
  return "";
}

TEST(Simulate, RefusesWhatCannotBeSimulated) {
  const Table table = generated_table(40);
  Table one_class = table;
  one_class.classes = {"ham"};
  EXPECT_NE(refusal(one_class, small_plan()).find("at least two"), std::string::npos);
  Table no_split = table;
  for (auto& split : no_split.splits) split.clear();
  EXPECT_NE(refusal(no_split, small_plan()).find("--test-fraction"), std::string::npos);
  SimulationPlan plan = small_plan();
  plan.budget = 5;
  EXPECT_NE(refusal(table, plan).find("below the 6 initial"), std::string::npos);
  plan = small_plan();
  plan.strategies = {"margin", "clairvoyance"};
  EXPECT_NE(refusal(table, plan).find("clairvoyance"), std::string::npos);
  plan = small_plan();
  plan.featurizer = "tabular";
  EXPECT_NE(refusal(table, plan).find("the data has text"), std::string::npos);
  plan = small_plan();
  plan.learner = "ridge";
  EXPECT_NE(refusal(table, plan).find("predicts numbers"), std::string::npos);
  plan.learner = "forest(leaves=9)";
  EXPECT_NE(refusal(table, plan).find("leaves"), std::string::npos);
  plan.learner = "committee(learner=ridge)";
  EXPECT_NE(refusal(table, plan).find("learner of committee: the learner ridge"),
            std::string::npos);
  plan = small_plan();
  plan.strategies = {"bald"};
  EXPECT_NE(refusal(table, plan).find("member_probabilities"), std::string::npos);
  plan.strategies = {};
  EXPECT_NE(refusal(table, plan).find("strategies names nothing"), std::string::npos);
  plan.strategies = {"margin", "random", "margin"};
  EXPECT_NE(refusal(table, plan).find("names margin twice"), std::string::npos);
  for (std::string SimulationPlan::*list :
       {&SimulationPlan::learner, &SimulationPlan::featurizer}) {
    plan = small_plan();
    plan.*list = ",";
    EXPECT_NE(refusal(table, plan).find("names nothing"), std::string::npos);
    plan.*list = " ";
    EXPECT_NE(refusal(table, plan).find("names nothing"), std::string::npos);
  }
  for (size_t SimulationPlan::*field :
       {&SimulationPlan::seeds, &SimulationPlan::batch_size, &SimulationPlan::initial}) {
    plan = small_plan();
    plan.*field = 0;
    EXPECT_NE(refusal(table, plan).find("at least 1"), std::string::npos);
  }
}

TEST(Simulate, AsksTheMembersOfACommitteeAndSetsALearnersParameters) {
  const Table table = generated_table(120);
  SimulationPlan plan = small_plan();
  plan.strategies = {"bald", "auto", "random"};
  plan.learner = "forest(trees=20)";
  const auto runs = simulate(table, plan, Progress()).runs;
  EXPECT_NE(runs[0].indices, runs.back().indices);
  plan.learner = "forest(trees=3)";
  EXPECT_NE(simulate(table, plan, Progress()).runs[0].log_loss, runs[0].log_loss);
}

TEST(Simulate, StopsWhenCancelled) {
  Progress progress;
  progress.cancel();
  EXPECT_THROW(simulate(generated_table(40), small_plan(), progress), Error);
}

static SimulationRun hand_made(const std::string& strategy, size_t seed,
                               std::vector<double> accuracy) {
  SimulationRun run;
  run.strategy = strategy;
  run.seed = seed;
  for (size_t i = 0; i < accuracy.size(); ++i)
    run.labels.push_back(10 + 20.0 * static_cast<double>(i));
  run.balanced_accuracy = run.log_loss = run.seconds = accuracy;
  run.indices.resize(accuracy.size());
  run.accuracy = std::move(accuracy);
  return run;
}

TEST(SimulationJson, AgreesWithAreasRanksAndDifferencesByHand) {
  Simulation simulation;
  simulation.rows = 100;
  simulation.runs = {hand_made("margin", 0, {0.5, 0.9}), hand_made("margin", 1, {0.7, 0.9}),
                     hand_made("random", 0, {0.4, 0.8}), hand_made("random", 1, {0.4, 0.6})};
  const Json json = simulation_json(simulation, "accuracy");
  const Json& margin = json["summary"][0];
  EXPECT_EQ(margin["strategy"], "margin");
  EXPECT_NEAR(margin["aulc_mean"].get<double>(), 0.75, 1e-12);  // Of 0.7 and 0.8.
  EXPECT_NEAR(margin["aulc_sd"].get<double>(), 0.1 / std::sqrt(2), 1e-12);
  EXPECT_NEAR(margin["aulc_log_mean"].get<double>(), 0.75, 1e-12);  // One trapezoid either way.
  EXPECT_NEAR(margin["final_accuracy_mean"].get<double>(), 0.9, 1e-12);
  EXPECT_EQ(margin["rank_mean"], 1.0);
  EXPECT_EQ(json["summary"][1]["rank_mean"], 2.0);
  ASSERT_EQ(json["comparisons"].size(), 1u);
  const Json& pair = json["comparisons"][0];
  EXPECT_EQ(pair["against"], "random");
  EXPECT_NEAR(pair["aulc_difference"].get<double>(), 0.2, 1e-12);              // Of 0.1 and 0.3.
  EXPECT_NEAR(pair["ci_high"].get<double>(), 0.2 + 12.706204736 * 0.1, 1e-6);  // t, 1 df.
  EXPECT_NEAR(pair["p_value"].get<double>(), 0.5, 1e-12);                      // 2 of 2^2 signs.
  EXPECT_NEAR(pair["labels_saved"].get<double>(), 0.5, 1e-9);  // 10 labels for 20 to reach 0.55.
  EXPECT_TRUE(pair["labels_saved_ci_low"].is_null());          // Two seeds bear no interval of it.
  EXPECT_TRUE(pair["labels_saved_ci_high"].is_null());
  EXPECT_EQ(labels_saved_text(pair), "50 % (no interval from 2 seeds, 6 are needed)");
  EXPECT_EQ(json["ranks"]["friedman_p_value"], 0.5);  // As the pair's.
  EXPECT_EQ(json["runs"].size(), 4u);
  EXPECT_EQ(json["data"]["rows"], 100);
}

TEST(SimulationJson, SharesRanksAndFollowsThePublishedNormalisation) {
  Simulation simulation;
  simulation.runs = {hand_made("margin", 0, {0.5, 0.7, 0.9}),
                     hand_made("entropy", 0, {0.5, 0.7, 0.9})};
  const Json json = simulation_json(simulation, "aubc_trapz_over_n");
  // Without the initial model: (0.7 + 0.9) / 2 over two points.
  EXPECT_NEAR(json["summary"][0]["aulc_mean"].get<double>(), 0.4, 1e-12);
  EXPECT_EQ(json["summary"][0]["rank_mean"], 1.5);
  EXPECT_EQ(json["summary"][1]["rank_mean"], 1.5);
  ASSERT_EQ(json["comparisons"].size(), 1u);
  EXPECT_EQ(json["comparisons"][0]["aulc_difference"], 0.0);
  EXPECT_TRUE(json["comparisons"][0]["p_value"].is_null());  // One seed.
}

TEST(SimulationJson, ClaimsNoIntervalFromOneSeed) {
  Simulation simulation;
  simulation.runs = {hand_made("margin", 0, {0.5, 0.9}), hand_made("random", 0, {0.4, 0.8})};
  const Json json = simulation_json(simulation, "accuracy");
  const Json& pair = json["comparisons"][0];
  EXPECT_NEAR(pair["aulc_difference"].get<double>(), 0.1, 1e-12);
  for (const char* key : {"ci_low", "ci_high", "p_value", "labels_saved_ci_low"})
    EXPECT_TRUE(pair[key].is_null()) << key;
  EXPECT_TRUE(json["pairs"][0]["p_value"].is_null());
  EXPECT_EQ(difference_text(pair, "aulc_difference"), "+0.1000 (one seed: no interval, no test)");
  EXPECT_NE(simulation_html(json, "one").find("one seed: no interval"), std::string::npos);
}

TEST(SimulationJson, LeavesAnIntervalOpenWhereSomeResamplesNeverGetThere) {
  Simulation simulation;
  for (size_t seed = 0; seed < 8; ++seed)  // Level with random in the mean, behind in half of them.
    simulation.runs.push_back(hand_made("margin", seed, {0.5, seed % 2 ? 0.7 : 0.9}));
  for (size_t seed = 0; seed < 8; ++seed)
    simulation.runs.push_back(hand_made("random", seed, {0.79, 0.79}));
  const Json pair = simulation_json(simulation, "accuracy")["comparisons"][0];
  EXPECT_NEAR(pair["labels_saved"].get<double>(), 1 - (10 + 20 * 0.29 / 0.3) / 10, 1e-9);
  EXPECT_TRUE(pair["labels_saved_ci_low"].is_null());
  EXPECT_GT(pair["labels_saved_ci_high"].get<double>(), pair["labels_saved"].get<double>());
  EXPECT_NE(labels_saved_text(pair).find("at most"), std::string::npos);

  for (SimulationRun& run : simulation.runs)  // All seeds alike reach it at 23 labels for 10.
    if (run.strategy == "margin") run.accuracy = {0.4, 1};
  const Json sure = simulation_json(simulation, "accuracy")["comparisons"][0];
  EXPECT_NEAR(sure["labels_saved_ci_low"].get<double>(), -1.3, 1e-9);
  EXPECT_NEAR(sure["labels_saved_ci_high"].get<double>(), -1.3, 1e-9);
  EXPECT_TRUE(sure["labels_saved_reason"].is_null());
}

TEST(SimulationHtml, ShowsNamesAsTextNotAsMarkup) {
  Simulation simulation;
  simulation.runs = {hand_made("margin", 0, {0.5, 0.9}), hand_made("random", 0, {0.4, 0.8})};
  const std::string page =
      simulation_html(simulation_json(simulation, "accuracy"), "<script>alert(1)</script>");
  EXPECT_EQ(page.find("<script>alert"), std::string::npos);
  EXPECT_NE(page.find("&lt;script&gt;"), std::string::npos);
  EXPECT_NE(page.find("margin"), std::string::npos);
}

TEST(Simulate, MeasuresAndTrainsOnTypos) {
  SimulationPlan plan = small_plan();
  plan.strategies = {"random"};
  plan.budget = 60;
  plan.batch_size = 18;
  const Simulation plain = run(plan, 400);
  plan.typos = 0.3;
  const Simulation measured = run(plan, 400);
  plan.augment = "typos";
  const Simulation augmented = run(plan, 400);
  expect_equal(plain, measured);
  double clean = 0, before = 0, after = 0;
  for (size_t i = 0; i < plan.seeds; ++i) {
    EXPECT_TRUE(plain.runs[i].typo_accuracy.empty());
    EXPECT_EQ(augmented.runs[i].indices, measured.runs[i].indices) << "the same texts are bought";
    EXPECT_NE(augmented.runs[i].log_loss, measured.runs[i].log_loss);
    ASSERT_EQ(measured.runs[i].typo_accuracy.size(), measured.runs[i].labels.size());
    clean += measured.runs[i].accuracy.back();
    before += measured.runs[i].typo_accuracy.back();
    after += augmented.runs[i].typo_accuracy.back();
  }
  EXPECT_LT(before, clean) << "mistyped words are unknown words";
  EXPECT_GT(after, before - 0.15) << "three seeds of 100 texts: two deviations of the sum";
  plan.typos = 0;
  EXPECT_THROW(run(plan), Error) << "how many typos?";
}

TEST(Simulate, MistypesAsOftenAsItIsTold) {
  const std::string text(20'000, 'e');
  Rng rng(3);
  EXPECT_EQ(with_typos("Grüße, 1234!", 0, rng), "Grüße, 1234!");
  EXPECT_EQ(with_typos("ü 12 , é!", 1, rng), "ü 12 , é!") << "no ASCII letter, no typo";
  const std::string out = with_typos(text, 0.1, rng);
  // Of one letter alone a swap shows nothing: a quarter each is left out, doubled, or replaced.
  const auto other = std::count_if(out.begin(), out.end(), [](char c) { return c != 'e'; });
  EXPECT_NEAR(static_cast<double>(other), 500, 4 * std::sqrt(500.0));
  EXPECT_NEAR(static_cast<double>(out.size()), 20'000, 4 * std::sqrt(1000.0));
  const std::string all = with_typos("ABC", 1, rng);
  for (const char c : all) EXPECT_TRUE(c >= 'A' && c <= 'Z') << "a capital stays one";
}

}  // namespace querist::loop
