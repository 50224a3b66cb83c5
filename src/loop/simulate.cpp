// Every strategy on every seed.
#include "loop/simulate.h"

#include <atomic>

#include "base/error.h"
#include "base/threads.h"
#include "loop/semi_supervised.h"
#include "loop/signals.h"
#include "loop/simulation/walk.h"

namespace querist::loop {

static void check_plan(const Table& table, const SimulationPlan& plan) {
  if (table.classes.size() < 2) {
    refuse("the data has {} classes in its label column; a simulation needs at least two",
           table.classes.size());
  }
  if (plan.seeds == 0 || plan.batch_size == 0 || plan.initial == 0) {
    refuse("seeds, batch_size and initial must be at least 1");
  }
  const size_t initial = initial_labels(table, plan);
  if (plan.budget < initial)
    refuse("the budget of {} is below the {} initial labels", plan.budget, initial);
  parse_ssl(plan.ssl);
  const auto learner = learner_for(plan.learner);
  for (const std::string& strategy : plan.strategies) strategy_for(strategy, *learner.card);
}

Simulation simulate(const Table& table, const SimulationPlan& plan, const Progress& progress) {
  check_plan(table, plan);
  const bool one_split = plan.test_fraction == 0;
  Stage shared;
  if (one_split) shared = make_stage(table, plan, 0, progress);

  Simulation simulation;
  simulation.rows = table.payloads.size();
  simulation.classes = table.classes.size();
  simulation.runs.resize(plan.strategies.size() * plan.seeds);
  std::atomic<size_t> done = 0;
  parallel_for(plan.seeds, 1, [&](size_t begin, size_t end) {
    for (size_t at = begin; at < end; ++at) {
      const size_t seed = plan.first_seed + at;
      Stage stage = one_split ? shared : make_stage(table, plan, seed, progress);
      add_noise(stage, plan, table.classes.size(), seed);
      if (at == 0) {
        simulation.pool = stage.split.pool.size();
        simulation.test = stage.split.test.size();
      }
      for (size_t s = 0; s < plan.strategies.size(); ++s) {
        simulation.runs[s * plan.seeds + at] =
            Walk(table, plan, stage, plan.strategies[s], seed).run(progress);
        progress.at(static_cast<double>(++done), static_cast<double>(simulation.runs.size()),
                    "runs");
      }
    }
  });
  return simulation;
}

}  // namespace querist::loop
