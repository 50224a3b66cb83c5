// How far the import of each file has come, so that an interrupted one goes on where it stopped.
#pragma once

#include "storage/store.h"

namespace querist::storage {

// The import of this very file (path, size, mtime, first bytes) into the project: the one begun
// before, or a new one by the given rule for classes. Pass its id to add_examples, and its
// rows_done as the format's skip_rows.
Import begin_import(Store& store, int64_t project_id, const std::filesystem::path& file,
                    bool add_classes);
Import import_of(Store& store, int64_t id);
// Notes rows read since the last batch that brought no example, and that the file is at its end.
void finish_import(Store& store, int64_t id, int64_t rows_done, int64_t rejected);

}  // namespace querist::storage
