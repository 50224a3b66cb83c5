// What --task regression changes in what a simulation is asked for.
#pragma once

#include "app/verb.h"
#include "loop/simulate.h"

namespace querist::app {

// Sets the plan's task, with the learner and strategies that are usual for it unless others are
// named. Throws wrong usage for options that mean nothing for numbers, naming them.
void plan_task(const Invocation& invocation, loop::SimulationPlan& plan);

// The metric that areas are of: --metric, or what the task or the protocol has.
std::string metric_of(const Invocation& invocation, bool one_by_one);

}  // namespace querist::app
