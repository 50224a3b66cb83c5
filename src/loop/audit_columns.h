// What is known of the audited examples besides their payload's features: columns to slice by and
// to group by.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/matrix.h"
#include "data/records.h"
#include "metrics/slices.h"
#include "storage/store.h"

namespace querist::loop {

// The audit labels that measure a model, what it says of their examples and how it decides.
struct AuditAnswers {
  std::vector<int64_t> rows;
  std::vector<int32_t> labels;  // Class ids.
  Matrix probabilities;         // (rows, classes).
  // What metrics::decide weighs by, one a class; empty: the likeliest class is predicted.
  std::vector<double> class_weights{};
};

// A text for each audited row; empty: none.
struct AuditColumn {
  std::string name;
  std::vector<std::string> texts;
};

// Fewer groups cannot tell how much their rows are alike, and are rather kinds of rows than draws.
inline constexpr int32_t least_groups = 10;

// A number for the group of each row, rows without one alone; empty where no two share a group, so
// that rows are as good as independent, and with fewer groups than that.
std::vector<int32_t> audit_groups(storage::Store& store, int64_t project_id,
                                  std::span<const int64_t> rows);

// The class ("class"), the columns of a table, group, time, split and every plain value of meta
// (under its own key; a text's or an image's own columns come as meta); of a text its number of
// words ("words"). Columns without any text are left out, and so is meta's "file".
std::vector<AuditColumn> audit_columns(storage::Store& store, const Project& project,
                                       const AuditAnswers& answers);

// The column of that name as numbers of values; throws invalid_argument naming the columns there
// are. Values in ascending order, numbers in bins.
metrics::SliceColumn group_column(const std::vector<AuditColumn>& columns, const std::string& name);

}  // namespace querist::loop
