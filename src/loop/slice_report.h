// Where the model is worse than elsewhere and whether it treats groups alike, from the audit labels
// alone, as JSON (docs/http.md, GET evaluation).
#pragma once

#include "base/json.h"
#include "loop/audit_columns.h"
#include "storage/feature_store.h"

namespace querist::loop {

inline constexpr int64_t slice_support = 30;
inline constexpr int64_t group_support = 10;  // Fewer rows for a rate take part in no gap.
inline constexpr double slice_q = 0.05;       // Expected share of false ones among the found.

enum class SliceLoss { error, log_loss };

// Errors are those of the class that metrics::decide gives, as everything here says of classes.
// Slices by every audit column, by the class itself and by clusters of the features.
Json slices_json(storage::Store& store, const Project& project, const AuditAnswers& answers,
                 const storage::FeatureView& view, SliceLoss loss);

// One entry a column. Throws invalid_argument for a column that is not there.
Json groups_json(storage::Store& store, const Project& project, const AuditAnswers& answers,
                 const std::vector<std::string>& columns);

// The names in a setting or option, a line of CSV (base/name_list.h), without spaces at their ends.
std::vector<std::string> column_names(std::string_view text);

// What is stored with a model's metrics: "slices" by errors, and "groups" by the columns that the
// project's settings name, those left out that the audit examples do not have (yet).
void add_slices(Json& metrics, storage::Store& store, const Project& project,
                const AuditAnswers& answers, const storage::FeatureView& view);
// The same, taken over from the newest stored version until a tenth more audit labels have come or
// the columns or the metric to decide by change: a training after each label does not cluster the
// pool each time.
void keep_slices(Json& metrics, storage::Store& store, const Project& project,
                 const AuditAnswers& answers, const storage::FeatureView& view);

}  // namespace querist::loop
