// What the table featurizer took a project's columns for, kept with the project.
#pragma once

#include "data/records.h"
#include "storage/store.h"

namespace querist::loop {

// Keeps the types that a featurizer's description names (number, category, date, text, dropped);
// the columns stay as they are where it names none, as of texts, or they are known already.
void keep_column_types(storage::Store& store, const Project& project, const Json& description);

}  // namespace querist::loop
