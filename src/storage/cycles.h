// Cycles of the loop: state, and the notes that let a crash repeat a step instead of skipping one.
#pragma once

#include "storage/store.h"

namespace querist::storage {

Cycle add_cycle(Store& store, int64_t project_id, const std::string& actor);
std::optional<Cycle> find_cycle(Store& store, int64_t project_id, int64_t id);
std::optional<Cycle> latest_cycle(Store& store, int64_t project_id);
Page<Cycle> cycles(Store& store, int64_t project_id, int64_t after = 0,
                   size_t limit = 50);  // Newest first.

// Stores state, model_version, selection_id and data; an event when the state changed. Call it
// inside the atomically() that stores the step's results.
void save_cycle(Store& store, const Cycle& cycle, const std::string& actor);

}  // namespace querist::storage
