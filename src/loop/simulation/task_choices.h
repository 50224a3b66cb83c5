// Which learners and strategies a simulation can use: those that fit the plan's task.
#pragma once

#include <optional>

#include "learners/learner.h"
#include "loop/simulate.h"
#include "strategies/door/expression.h"

namespace querist::loop {

// The plan's learner to begin with. Throws invalid_argument, naming those that do, where it does
// not learn the task.
learners::ChosenLearner planned_learner(const SimulationPlan& plan);

// The strategy, checked for the plan's task and learner. Throws invalid_argument, naming those that
// fit, for one that reads what only models of another task tell.
strategies::ChosenStrategy planned_strategy(std::string_view expression,
                                            const SimulationPlan& plan);

// Of regression, where the strategy asks a committee and the learner's models are none: a committee
// of ten of that learner, on draws of the labelled rows, beside the model that is measured
// (RayChaudhuri and Hamey 1995). Else nothing.
std::optional<learners::ChosenLearner> planned_committee(const strategies::ChosenStrategy& strategy,
                                                         const SimulationPlan& plan);

// Refuses what is of one class an example (pseudo-labels, a guard …), by name, where the plan has
// another task, and a table without what the task predicts.
void check_task(const Table& table, const SimulationPlan& plan);

}  // namespace querist::loop
