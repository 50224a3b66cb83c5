// Which rows were already chosen at a past event: what a selection needs to be made again.
#pragma once

#include "storage/store.h"

namespace querist::storage {

// Rows of every selection recorded at or before the event, in no order, repeats possible.
std::vector<int64_t> selected_rows(Store& store, int64_t project_id, int64_t through_event);

}  // namespace querist::storage
