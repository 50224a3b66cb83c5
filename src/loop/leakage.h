// Whether test rows are known to the training rows: copies, near copies, shared groups, times, a
// column that gives the class away, and whether the two can be told apart.
#pragma once

#include <optional>

#include "base/json.h"
#include "loop/audit_columns.h"
#include "loop/table.h"
#include "storage/feature_store.h"

namespace querist::loop {

// The rows of a table whose split is "test" against those whose split is "train". Throws
// invalid_argument where either side has no rows. The shape is docs/http.md's `leakage`.
Json table_leakage(const Table& table, uint64_t seed, const Progress& progress);

// Both tables as one, split "train" and "test". Throws invalid_argument where they hold different
// kinds or columns.
Table join_sides(Table train, Table test);

// A project's audit labels against those it trains on; the audit against all other examples in the
// adversarial validation, because training rows are chosen to be unlike the rest.
Json project_leakage(storage::Store& store, const Project& project,
                     std::span<const Labelled> training, std::span<const Labelled> audit,
                     const storage::FeatureView& view, const Progress& progress);

}  // namespace querist::loop
