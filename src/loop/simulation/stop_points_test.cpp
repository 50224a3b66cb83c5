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

TEST(StopPoints, ReadTheAuditLabelsWhereThereAreSome) {
  SimulationPlan plan = watching({"budget_spent", "pool_exhausted", "no_gain(gain=1)"});
  const Table table = generated_table(120);
  EXPECT_THROW(simulate(table, plan, Progress()), Error) << "without an audit there is no curve";
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

TEST(StopPoints, ReadBudgetCostAndTargetFromThePlan) {
  const Table table = generated_table(240);
  SimulationPlan plan =
      watching({"budget_spent", "target_reached(target=0.01)", "target_reached(target=1)",
                "cost_benefit(value_per_point=0.01)", "cost_benefit(value_per_point=1000000)"});
  plan.audit_share = 0.4;
  plan.cost_per_label = 2;
  plan.budget = 90;
  const auto simulation = simulate(table, plan, Progress());
  for (const SimulationRun& run : simulation.runs) {
    EXPECT_EQ(run.stops[0].labels, 90.0);
    EXPECT_EQ(run.stops[0].accuracy, run.accuracy.back());
    ASSERT_TRUE(run.stops[1].labels) << "any audit of ten is above a hundredth";
    EXPECT_LT(*run.stops[1].labels, 50);
    EXPECT_FALSE(run.stops[2].labels) << "no finite audit shows a perfect model";
    EXPECT_TRUE(run.stops[3].labels) << "four labels cost 8, all of the accuracy is worth 1";
    // Worth so much, the next labels are bought for longer, if their gain is not nothing.
    EXPECT_GE(run.stops[4].labels.value_or(1e9), *run.stops[3].labels);
  }
  // A smaller budget is the beginning of the larger one's run, but spent where it ends itself.
  plan.schedules = {{4, 90}, {4, 50}};
  const auto both = simulate(table, plan, Progress());
  EXPECT_EQ(both.runs[0].stops[0].labels, 90.0);
  EXPECT_EQ(both.runs[2].stops[0].labels, 50.0);
  EXPECT_EQ(both.runs[2].stops[0].accuracy, both.runs[2].accuracy.back());
}

TEST(StopPoints, RefuseRulesThatCouldNeverBeMet) {
  const auto refusal = [](const char* rule, double audit_share, double cost) -> std::string {
    try {
      watched_rule(rule, audit_share, cost);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  for (const auto& [rule, audit_share, cost, needed] :
       {std::tuple("recall_interval", 0.1, 1.0, "a project of two classes"),
        std::tuple("hypergeometric_recall", 1.0, 1.0, "a project of two classes"),
        std::tuple("target_reached(target=0.9)", 0.0, 0.0, "audit_share"),
        std::tuple("target_reached", 0.1, 0.0, "target_reached(target=0.9)"),
        std::tuple("no_gain", 0.0, 0.0, "audit_share"),
        std::tuple("cost_benefit", 0.1, 1.0, "cost_benefit(value_per_point=5)"),
        std::tuple("cost_benefit(value_per_point=5)", 0.1, 0.0, "cost_per_label"),
        std::tuple("cost_benefit(value_per_point=5)", 0.0, 1.0, "audit_share")}) {
    const std::string said = refusal(rule, audit_share, cost);
    EXPECT_NE(said.find(needed), std::string::npos) << rule << ": " << said;
  }
  for (const char* rule : {"budget_spent", "stabilizing_predictions(kappa=0.9)"})
    EXPECT_EQ(refusal(rule, 0, 0), "");
  EXPECT_EQ(refusal("cost_benefit(value_per_point=5)", 0.1, 1), "");
}

TEST(StopPoints, RefuseRulesThatAreNone) {
  EXPECT_THROW(parse_rule("patience"), Error);
  EXPECT_THROW(parse_rule("stabilizing_predictions(patience=3)"), Error);
  EXPECT_THROW(simulate(generated_table(80), watching({"patience"}), Progress()), Error);
}

}  // namespace querist::loop
