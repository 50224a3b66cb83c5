// What a simulation is asked for that is likely a mistake, said before the hours that it takes.
#pragma once

#include "app/verb.h"
#include "loop/simulate.h"

namespace querist::app {

// Refuses files to write in folders that are not there.
void check_out_folders(const Invocation& invocation);

// Refuses options that would do nothing without another one, such as --votes without --annotators.
void check_idle_options(const Invocation& invocation);

// Leaves out the rows whose id an earlier row has, as an import does, and says how many.
void leave_out_repeated_ids(loop::Table& table);

// Sentences on standard error: a budget above the pool, nothing to train on, answers that are all
// wrong, lists of labels that look undivided, rows to which none applies.
void tell_doubts(const loop::SimulationPlan& plan, const loop::Table& table);

}  // namespace querist::app
