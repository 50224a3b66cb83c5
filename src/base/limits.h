// The bounds that hold everywhere: every queue, body, batch and page has a maximum.
#pragma once

#include <cstddef>
#include <cstdint>

namespace querist::limits {

inline constexpr size_t max_cell_bytes = size_t{16} << 20;  // One cell or text of an imported file.
inline constexpr size_t max_columns = 10'000;               // Columns of an imported table.
inline constexpr size_t max_classes = 10'000;               // Classes of a project.
inline constexpr size_t max_name_bytes = 200;            // Class names, external ids, user names.
inline constexpr size_t max_features = size_t{1} << 22;  // Columns of a feature matrix.
inline constexpr size_t max_image_pixels = 50'000'000;   // One image, unpacked.
inline constexpr size_t max_image_side = 65'535;         // Width or height of one image.
inline constexpr size_t max_archive_entry_bytes = size_t{64}
                                                  << 20;  // One file inside an archive, unpacked.
inline constexpr uint64_t max_archive_bytes = uint64_t{64} << 30;  // A whole archive, unpacked.
inline constexpr double max_archive_ratio =
    1000;  // Unpacked over packed bytes before it counts as a bomb.

}  // namespace querist::limits
