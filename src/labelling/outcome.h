// What an example's answers and leases amount to: its state, its label, and whether there is room
// for one more.
#pragma once

#include "storage/store.h"

namespace querist::labelling {

// Brings the example's state and label in line with its answers and leases, as of the event
// `sequence`; marks its items done or open again. Returns the selections that this completed.
std::vector<int64_t> settle(storage::Store& store, const Project& project, int64_t example_id,
                            int64_t sequence);

// Whether this annotator may still answer: others' answers and leases leave room under the
// project's overlap.
bool room_for(storage::Store& store, const Project& project, int64_t example_id,
              const std::string& annotator);

}  // namespace querist::labelling
