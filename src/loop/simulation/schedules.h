// The batch sizes and budgets of a simulation, and runs that are the beginning of longer ones.
#pragma once

#include <optional>
#include <vector>

#include "loop/simulate.h"

namespace querist::loop {

// The plan's schedules, or its batch_size and budget as the only one. Refuses one named twice, one
// below the initial labels, and batches of nothing.
std::vector<Schedule> schedules_of(const SimulationPlan& plan, size_t initial);

// Their places, larger budgets first, so that a longer run is there when a shorter one is due.
std::vector<size_t> longest_first(const std::vector<Schedule>& schedules);

// What the run would have been with this smaller budget and the same batch size: its beginning,
// where one of its models has just so many labels or it ended before them with its pool. Nothing
// otherwise, as the last batch is then a smaller one. Bit for bit the same but for the seconds, and
// for labels_saved, which is of the very end and so not for this.
std::optional<SimulationRun> beginning_of(const SimulationRun& run, size_t budget);

}  // namespace querist::loop
