// Which names somebody may have meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace querist::app {

// Those within a third of the name's letters changed, added, left out or swapped, the nearest
// first, and then those that hold it or that it holds; at most five.
std::vector<std::string> near_names(std::string_view name, const std::vector<std::string>& names);

}  // namespace querist::app
