// Where a project stands: curve, audited metrics, stop advice, cost, as one JSON (docs/http.md, GET
// progress).
#pragma once

#include "base/json.h"
#include "storage/store.h"

namespace querist::loop {

Json progress_report(storage::Store& store, const Project& project);

}  // namespace querist::loop
