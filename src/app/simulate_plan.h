// What the command line asks a simulation for.
#pragma once

#include "app/verb.h"
#include "loop/simulate.h"

namespace querist::app {

// Every batch size goes with every budget. Throws wrong usage for what no simulation could mean.
loop::SimulationPlan simulation_plan_of(const Invocation& invocation);

}  // namespace querist::app
