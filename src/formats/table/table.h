// Delimited tables to examples: what CSV and TSV share.
#pragma once

#include <filesystem>

#include "formats/format.h"

namespace querist::formats {

enum class TableKind { csv, tsv };

// folder: where paths of an image column begin; null: there is none (a request's body).
void read_table(const ByteSource& bytes, TableKind kind, const std::filesystem::path* folder,
                const Roles& roles, int64_t skip_rows, const Receiver& receiver);

}  // namespace querist::formats
