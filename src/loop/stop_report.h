// The stop advice of a project as JSON: verdict, evidence, what the curve forecasts, and the dial.
#pragma once

#include <vector>

#include "base/json.h"
#include "storage/store.h"

namespace querist::loop {

// `stop` of GET progress (docs/http.md). models: oldest first; guard: what guard_report says.
Json stop_report(storage::Store& store, const Project& project,
                 const std::vector<ModelVersion>& models, const Json& guard);

}  // namespace querist::loop
