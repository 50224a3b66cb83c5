// What the formats share in telling their files apart.
#pragma once

#include <string_view>

namespace querist::formats {

// The first line of a text file whose name does not say what it is; empty when the name does, or it
// is no text.
std::string_view first_text_line(std::string_view file_name, std::string_view head);

}  // namespace querist::formats
