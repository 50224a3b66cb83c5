// Rules watched over a simulation: the first point at which they are met, asked anew by hand.
#include "loop/simulation/stop_points.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "loop/loop_fixture.h"
#include "loop/simulate.h"

namespace querist::loop {

static Table generated_table(int rows) {
  Table table;
  table.classes = {"ham", "spam"};
  for (int i = 0; i < rows; ++i) {
    NewExample example = generated_text(i);
    table.payloads.push_back(example.payload);
    table.labels.push_back(example.label == "spam");
    table.source_rows.push_back(i);
    table.splits.push_back(i % 4 ? "train" : "test");
  }
  return table;
}

static SimulationPlan watching(std::vector<std::string> rules) {
  SimulationPlan plan;
  plan.strategies = {"random"};
  plan.initial = 6;
  plan.batch_size = 4;
  plan.budget = 120;
  plan.seeds = 2;
  plan.stopping = std::move(rules);
  return plan;
}

TEST(StopPoints, LeaveTheRunAsItIsAndLieOnItsCurve) {
  const Table table = generated_table(240);
  const auto watched =
      simulate(table, watching({"stabilizing_predictions", "stabilizing_predictions(kappa=0.7)"}),
               Progress());
  const auto plain = simulate(table, watching({}), Progress());
  ASSERT_EQ(watched.runs.size(), 2u);
  for (size_t i = 0; i < watched.runs.size(); ++i) {
    const SimulationRun& run = watched.runs[i];
    EXPECT_EQ(run.indices, plain.runs[i].indices);
    EXPECT_EQ(run.accuracy, plain.runs[i].accuracy);
    EXPECT_TRUE(plain.runs[i].stops.empty());
    EXPECT_GT(run.full_accuracy, 0.8);
    ASSERT_EQ(run.stops.size(), 2u);
    ASSERT_TRUE(run.stops[1].labels.has_value()) << "the lower threshold is met on these texts";
    for (const StopPoint& stop : run.stops) {
      if (!stop.labels) continue;
      const auto at = std::find(run.labels.begin(), run.labels.end(), *stop.labels);
      ASSERT_NE(at, run.labels.end());
      EXPECT_EQ(stop.accuracy, run.accuracy[static_cast<size_t>(at - run.labels.begin())]);
    }
    if (run.stops[0].labels) {
      EXPECT_LE(*run.stops[1].labels, *run.stops[0].labels) << "a lower threshold stops no later";
    }
  }
}

// target_reached reads the audit alone: its first point is the first audit whose lower end reaches
// the target, which no other rule of the run can move.
TEST(StopPoints, ReadTheAuditLabelsWhereThereAreSome) {
  SimulationPlan plan = watching({"budget_spent", "pool_exhausted", "no_gain(gain=1)"});
  const Table table = generated_table(120);
  const auto without = simulate(table, plan, Progress());
  EXPECT_FALSE(without.runs[0].stops[2].labels.has_value()) << "without an audit there is no curve";
  plan.audit_share = 0.4;
  const auto with = simulate(table, plan, Progress());
  EXPECT_TRUE(with.runs[0].stops[2].labels.has_value()) << "any gain is below a gain of all";
  EXPECT_FALSE(with.runs[0].stops[0].labels.has_value());
  EXPECT_EQ(with.runs[0].stops[1].labels, 90.0) << "the pool ends at its 90 rows";
}

// A smaller ratio stops no sooner, one of 1 at the first step that moves no more than the smallest
// of the first; a learner without a posterior never, and no run is another for being watched.
TEST(StopPoints, ReadThePosteriorsOfLogisticRegressions) {
  const Table table = generated_table(240);
  SimulationPlan plan =
      watching({"error_stability(ratio=1,first_steps=2)",
                "error_stability(ratio=0.3,first_steps=2)", "error_stability(ratio=0)"});
  plan.learner = "logistic_regression(strength=1)";
  const auto watched = simulate(table, plan, Progress());
  plan.stopping.clear();
  const auto plain = simulate(table, plan, Progress());
  for (size_t i = 0; i < watched.runs.size(); ++i) {
    const auto& stops = watched.runs[i].stops;
    EXPECT_EQ(watched.runs[i].accuracy, plain.runs[i].accuracy);
    ASSERT_TRUE(stops[0].labels.has_value());
    EXPECT_GE(*stops[0].labels, 6 + 3 * 4) << "three steps are the fewest";
    if (stops[1].labels) {
      EXPECT_GE(*stops[1].labels, *stops[0].labels);
    }
    EXPECT_FALSE(stops[2].labels.has_value());
  }
  plan.stopping = {"error_stability(ratio=1,first_steps=1)"};
  plan.learner = "naive_bayes";
  EXPECT_FALSE(simulate(table, plan, Progress()).runs[0].stops[0].labels.has_value());
}

TEST(StopPoints, AreSummedUpByStrategyAndRule) {
  const auto simulation =
      simulate(generated_table(240), watching({"stabilizing_predictions(kappa=0.7)"}), Progress());
  const Json result = simulation_json(simulation, "accuracy");
  ASSERT_EQ(result["stopping"].size(), 1u);
  const Json& row = result["stopping"][0];
  EXPECT_EQ(row["stopped"], 2);
  const double labels =
      (*simulation.runs[0].stops[0].labels + *simulation.runs[1].stops[0].labels) / 2;
  EXPECT_DOUBLE_EQ(row["labels_mean"].get<double>(), labels);
  const Json none =
      simulation_json(simulate(generated_table(120), watching({}), Progress()), "accuracy");
  EXPECT_FALSE(none.contains("stopping"));
}

TEST(StopPoints, RefuseRulesThatAreNone) {
  EXPECT_THROW(parse_rule("patience"), Error);
  EXPECT_THROW(parse_rule("stabilizing_predictions(patience=3)"), Error);
  EXPECT_THROW(simulate(generated_table(80), watching({"patience"}), Progress()), Error);
}

}  // namespace querist::loop
