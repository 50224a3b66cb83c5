// What --task changes in what a simulation is asked for.
#pragma once

#include "app/verb.h"
#include "formats/format.h"
#include "loop/simulate.h"

namespace querist::app {

// Sets the plan's task, with the learner and strategies that are usual for it unless others are
// named. Throws wrong usage for options that are of one class an example alone, naming them.
void plan_task(const Invocation& invocation, loop::SimulationPlan& plan);

// Where examples have several labels: the separator of their names, or, where --label names several
// columns, these.
formats::Roles label_roles(const Invocation& invocation, formats::Roles roles);

// The metric that areas are of: --metric, or what the task or the protocol has. Throws wrong usage
// for one of another task.
std::string metric_of(const Invocation& invocation, bool one_by_one);

}  // namespace querist::app
