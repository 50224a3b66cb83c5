// Errors are judged the other way round than shares: ranks, labels saved, wins.
#include "loop/simulation/metric.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "loop/simulation/combined.h"
#include "loop/simulation/comparisons.h"

namespace querist::loop {

// Two points at 10 and 30 labels; the whole pool's R² is 0.5.
static SimulationRun errors_of(const std::string& strategy, size_t seed, std::vector<double> rmse) {
  SimulationRun run;
  run.strategy = strategy;
  run.learner = "ridge";
  run.seed = seed;
  run.labels = {10, 30};
  run.mae = run.seconds = rmse;
  run.r_squared = {0.3, 0.47};
  run.full_r_squared = 0.5;
  run.full_rmse = 1;
  run.indices.resize(2);
  run.rmse = std::move(rmse);
  return run;
}

static Simulation eight_seeds(double unit) {
  Simulation simulation;
  simulation.target_sd = 10 * unit;
  for (const char* strategy : {"igs", "random"}) {
    const double behind = strategy == std::string("igs") ? 0 : 1;
    for (size_t seed = 0; seed < 8; ++seed) {
      const double more = unit * (behind + 0.01 * static_cast<double>(seed));
      simulation.runs.push_back(errors_of(strategy, seed, {4 * unit + more, 2 * unit + more}));
    }
  }
  return simulation;
}

TEST(Metric, CountsTheLowerErrorAsTheBetter) {
  const Json json = simulation_json(eight_seeds(1), "rmse");
  EXPECT_EQ(json["metric"], "rmse");
  const Json &igs = json["summary"][0], &random = json["summary"][1];
  EXPECT_NEAR(igs["aulc_mean"].get<double>(), 3.035, 1e-12);  // Of 4 and 2, and 0.035 on average.
  EXPECT_NEAR(igs["final_rmse_mean"].get<double>(), 2.035, 1e-12);
  EXPECT_NEAR(igs["final_r_squared_mean"].get<double>(), 0.47, 1e-12);
  EXPECT_FALSE(igs.contains("final_accuracy_mean"));
  EXPECT_FALSE(igs.contains("final_interval_coverage_mean"));
  EXPECT_EQ(igs["rank_mean"], 1.0);
  EXPECT_EQ(random["rank_mean"], 2.0);
  EXPECT_EQ(json["ranks"]["groups"][0]["rank_mean"], 1.0);
  const Json& pair = json["comparisons"][0];
  EXPECT_NEAR(pair["aulc_difference"].get<double>(), -1, 1e-12);
  EXPECT_NEAR(pair["p_value"].get<double>(), 2.0 / 256, 1e-12);  // All eight of one sign.
  // Random's mean of its last points is 4: the other has that at its first label count, random
  // itself where it falls from 5 to 3 half way.
  EXPECT_NEAR(pair["labels_saved"].get<double>(), 0.5, 1e-9);
  EXPECT_EQ(difference_text(pair, "aulc_difference", find_metric("rmse").judged()).substr(0, 2),
            "-1");
}

TEST(Metric, CountsLabelsToSharesOfRSquared) {
  Simulation simulation = eight_seeds(1);
  const Json reach = simulation_json(simulation, "rmse")["summary"][0]["labels_to_reach"];
  // 0.45 of 0.3 to 0.47 over 20 labels.
  EXPECT_NEAR(reach[0]["median"].get<double>(), 10 + 20 * 0.15 / 0.17, 1e-9);
  EXPECT_TRUE(reach[2]["median"].is_null());  // 0.495 is above all.
  for (SimulationRun& run : simulation.runs) run.full_r_squared = -0.1;
  const Json never = simulation_json(simulation, "rmse")["summary"][0]["labels_to_reach"];
  EXPECT_EQ(never[0]["reached"], 0);  // Of no use at all, though every curve lies above it.
}

TEST(Metric, ComparesDataSetsInStandardDeviationsOfTheirNumbers) {
  std::vector<SavedResult> results;
  for (const double unit : {1.0, 1000.0, 0.001})
    results.push_back(
        {fmt::format("{}.json", unit), simulation_json(eight_seeds(unit), "rmse").dump()});
  const Json combined = combined_results(results);
  for (const Json& score : combined["scores"]) {
    EXPECT_NEAR(score["aulc_mean"].get<double>(), score["name"] == "igs" ? 0.3035 : 0.4035, 1e-9);
    EXPECT_EQ(score["rank"], score["name"] == "igs" ? 1.0 : 2.0);
  }
  EXPECT_EQ(combined["pairs"][0]["wins"], 3);
  EXPECT_EQ(combined["pairs"][0]["losses"], 0);
  EXPECT_NE(combined_html(combined).find("lower is better"), std::string::npos);
  const Json whole = simulation_json(eight_seeds(2), "rmse");
  Json damaged = whole;
  damaged["data"].erase("target_sd");
  EXPECT_THROW(combined_results({results[0], {"d.json", damaged.dump()}}), Error);
}

TEST(Metric, WritesErrorsInTheReportWithTheirUnit) {
  Simulation simulation = eight_seeds(10000);
  simulation.target_mean = 5;
  const std::string page = simulation_html(simulation_json(simulation, "rmse"), "prices");
  for (const char* text :
       {"RMSE against labels", "Lower is better", "R² with all labels", "30350 ±", "final RMSE"})
    EXPECT_NE(page.find(text), std::string::npos) << text;
  EXPECT_EQ(page.find("accurac"), std::string::npos);
  EXPECT_THROW(find_metric("mape"), Error);
  for (size_t i = 0; i < 8; ++i) simulation.runs[i].interval_coverage = {0.8, 0.9};
  const std::string mixed = simulation_html(simulation_json(simulation, "rmse"), "prices");
  EXPECT_EQ(page.find("Intervals along the way"), std::string::npos);
  EXPECT_NE(mixed.find("Intervals along the way"), std::string::npos);  // Of one of the two alone.
}

}  // namespace querist::loop
