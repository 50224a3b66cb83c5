// What stopping by a rule would have cost beside labelling everything.
#pragma once

#include "base/json.h"
#include "loop/simulation/stage.h"

namespace querist::loop {

// Test accuracy of a model of the whole pool's labels; 0 where the plan watches no rule.
double full_accuracy(const Table& table, const SimulationPlan& plan, const Stage& stage,
                     uint64_t seed, const Progress& progress);

// Where rules are watched: `stops` and `full_accuracy` of each run, and `stopping`: of each
// strategy and rule in how many runs it was met, and of those the labels, the accuracy and its
// share of the full one. Elsewhere nothing.
void add_stopping(const Simulation& simulation, Json& result);

}  // namespace querist::loop
