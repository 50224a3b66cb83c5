// A run as the JSON of results and of side files, and back.
#pragma once

#include "base/json.h"
#include "loop/simulate.h"

namespace querist::loop {

Json run_json(const SimulationRun& run);
SimulationRun run_of(const Json& json);  // The same run, bit for bit.

}  // namespace querist::loop
