// The labels of a table as numbers to predict.
#pragma once

#include "loop/table.h"

namespace querist::loop {

// Reads the labels as numbers into targets: afterwards there are no classes, and labels only tell
// which rows have a number (0) and which have none (-1). Throws invalid_argument, naming the row of
// the file, counted from 1, for what is not a finite number that a float holds, and where fewer
// than two different numbers are there.
void read_targets(Table& table);

}  // namespace querist::loop
