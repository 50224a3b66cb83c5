// Which column plays which part: the names asked for, else the obvious ones.
#pragma once

#include <string>
#include <vector>

#include "formats/format.h"

namespace querist::formats {

// What a file offers to choose from.
struct Fields {
  std::vector<std::string> names;  // Every column.
  std::vector<std::string> cells;  // Those that may become cells when none are asked for.
  bool nested_cells = false;       // The cells come from one object of their own ("columns").
  bool embedding = false;          // A field "embedding" holds numbers.
};

// Throws invalid_argument naming the columns where a role asks for one that is not there, or two
// ask for the same.
Layout resolve_roles(const Roles& asked, const Fields& fields);

}  // namespace querist::formats
