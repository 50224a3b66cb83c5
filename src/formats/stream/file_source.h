// The bytes of a file as a stream, gzip and Zstandard unpacked on the way.
#pragma once

#include <filesystem>

#include "formats/format.h"

namespace querist::formats {

// Reports the packed bytes read against the file's size and stops when cancelled; progress must
// outlive the source.
ByteSource open_file(const std::filesystem::path& path, const Progress& progress);

}  // namespace querist::formats
