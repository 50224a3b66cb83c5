// Lists of names that people type, such as columns and classes: one line of CSV.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace querist {

// The names between commas, empty ones left out. A name that has a comma stands in double quotes,
// and a quote within these is doubled, as in CSV (RFC 4180); spaces count but beside such quotes.
// Throws invalid_argument for quotes that are not closed, or that a name goes on behind.
std::vector<std::string> split_names(std::string_view text);

}  // namespace querist
