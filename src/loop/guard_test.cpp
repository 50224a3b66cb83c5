// The guard: silent where choosing is as good as random, heard where it is a trap.
#include "loop/guard.h"

#include <gtest/gtest.h>

#include "loop/simulate.h"
#include "loop/simulation/walk_guard.h"
#include "metrics/intervals.h"

namespace querist::loop {

// Two classes in five columns that overlap; the rows are drawn, so every choice of rows is random.
static void fill(Rng& rng, Matrix& x, std::vector<int32_t>& labels) {
  for (size_t i = 0; i < x.rows; ++i) {
    labels.push_back(static_cast<int32_t>(rng.below(2)));
    for (float& value : x.row(i)) value = static_cast<float>(rng.normal());
    x.row(i)[0] += labels.back() ? 0.8f : -0.8f;
  }
}

static bool fires_on_random_choices(uint64_t project) {
  Rng rng(mix_seed(31, project));
  Matrix x(500, 5);
  std::vector<int32_t> labels;
  fill(rng, x, labels);
  const auto learner = learners::parse_learner("logistic_regression(strength=1)");
  WalkGuard guard;
  WalkLabels trained_on, audit;
  size_t next = 0;
  const auto give = [&](WalkLabels& to, size_t count) {
    for (size_t i = 0; i < count; ++i, ++next) {
      to.rows.push_back(static_cast<int64_t>(next));
      to.labels.push_back(labels[next]);
      to.chosen.push_back(1);
    }
  };
  for (int round = 0; round < 41; ++round) {  // Eight looks.
    give(audit, 3);
    give(trained_on, 9);
    guard.watch(learner, x, 2, trained_on, audit, project, Progress());
    if (guard.turn() == GuardTurn::raised) return true;
  }
  return false;
}

TEST(Guard, IsRaisedInAtMostOneOfTwentyProjectsWhoseChoicesAreRandom) {
  int raised = 0;
  for (uint64_t project = 0; project < 1'000; ++project) raised += fires_on_random_choices(project);
  EXPECT_LE(raised, 50);
}

// A trap for strategies that spread: three rows in four lie in a narrow cone, where the second
// column tells the class; the others lie in directions of their own, where it tells the opposite.
static Table trap(uint64_t seed) {
  Rng rng(seed);
  Table table;
  table.classes = {"even", "odd"};
  table.payload = PayloadKind::embedding;
  for (int i = 0; i < 6'000; ++i) {
    const bool stray = rng.uniform() < 0.25;
    const bool odd = rng.uniform() < 0.5;
    Payload payload;
    for (int d = 0; d < 12; ++d)
      payload.embedding.push_back(static_cast<float>(rng.normal() * (stray ? 2 : 1)));
    std::vector<float>& x = payload.embedding;
    x[0] += stray ? 0.0f : 6.0f;
    x[1] = (odd ? 1.0f : -1.0f) * (stray ? -1.0f : 5.0f) + x[1] / 4;
    table.payloads.push_back(payload);
    table.labels.push_back(odd);
    table.source_rows.push_back(i);
    table.splits.push_back(i % 3 ? "train" : "test");
  }
  return table;
}

static SimulationPlan trap_plan(bool guard) {
  SimulationPlan plan;
  plan.strategies = {"k_center"};
  plan.initial = 3;
  plan.batch_size = 20;
  plan.budget = 800;
  plan.seeds = 6;
  plan.audit_share = 0.2;
  plan.guard = guard;
  return plan;
}

static double final_accuracy(const Simulation& simulation) {
  std::vector<double> last;
  for (const SimulationRun& run : simulation.runs) last.push_back(run.accuracy.back());
  return metrics::mean(last);
}

TEST(Guard, IsRaisedWhereDoubtIsATrapAndBringsTheModelNearerToRandom) {
  const Table table = trap(3);
  const auto with = simulate(table, trap_plan(true), Progress());
  const auto without = simulate(table, trap_plan(false), Progress());
  SimulationPlan plan = trap_plan(true);
  plan.strategies = {"random"};
  const auto random = simulate(table, plan, Progress());
  size_t raised = 0;
  for (const SimulationRun& run : with.runs) raised += !run.guard_raised.empty();
  EXPECT_GE(raised, 5u) << "of " << with.runs.size();
  const double aim = final_accuracy(random);
  EXPECT_GT(aim, final_accuracy(without) + 0.3) << "else it is no trap";
  EXPECT_LT(aim - final_accuracy(with), 0.3 * (aim - final_accuracy(without)));
  for (const SimulationRun& run : without.runs) EXPECT_TRUE(run.guard_raised.empty());
  for (const SimulationRun& run : random.runs) EXPECT_TRUE(run.guard_raised.empty());
}

}  // namespace querist::loop
