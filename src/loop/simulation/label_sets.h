// The labels of a table as sets, where an example may have several or none.
#pragma once

#include <span>

#include "base/matrix.h"
#include "loop/table.h"

namespace querist::loop {

// Reads the labels, lists as formats write them (Roles::label_separator), into label_sets:
// afterwards classes are the names that some row has, ascending, and labels only tell which rows
// have a list (0) and which have none (-1). Throws invalid_argument, naming the row of the file,
// counted from 1, for a label that is no list, and for fewer than two names.
void read_label_sets(Table& table);

// (rows, labels): 1 where the set of the row has the label, else 0.
Matrix label_matrix(std::span<const std::vector<int32_t>> sets, std::span<const int64_t> rows,
                    size_t labels);

}  // namespace querist::loop
