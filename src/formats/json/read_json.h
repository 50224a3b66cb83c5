// JSONL and JSON arrays to examples.
#pragma once

#include <filesystem>

#include "formats/format.h"

namespace querist::formats {

// folder: where paths of an image field begin; null: there is none (a request's body).
void read_json(const ByteSource& bytes, const std::filesystem::path* folder, const Roles& roles,
               int64_t skip_rows, const Receiver& receiver);

}  // namespace querist::formats
