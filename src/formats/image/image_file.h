// What image folders, archives and columns of paths share: which bytes are an image, which paths
// are safe, what a path says.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "data/example.h"

namespace querist::formats {

// Bytes needed to tell an image by its beginning.
inline constexpr size_t image_head_bytes = 8;

// Whether bytes begin as a JPEG, PNG or binary PGM/PPM file.
bool begins_as_image(std::string_view bytes);

// Why this path of an archive or a table may not be used (it is absolute or leads upwards); empty:
// it may.
std::string path_fault(std::string_view path);

// Files that systems leave among the images and that are nobody's data: hidden ones, Thumbs.db,
// __MACOSX.
bool is_clutter(std::string_view path);

// The label and split that a relative path names: the image's folder is its label; a folder train,
// test, val, valid or validation is its split. The path itself goes into meta as "file".
void describe_by_path(NewExample& example, std::string_view path);

// Reads the image at a path relative to folder into `image`; answers why it cannot, empty if it
// did.
std::string load_image(const std::filesystem::path& folder, std::string_view path,
                       std::string& image);

}  // namespace querist::formats
