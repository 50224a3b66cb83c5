// Lists of what a simulation runs: somebody must be named, and nobody twice.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace querist::loop {

// Refuses a list that names nothing, or the same entry twice: its runs would be counted as one's.
// what: the setting, such as "strategies".
void check_names(std::string_view what, const std::vector<std::string>& names);

// The expressions of a comma-separated list, checked so; an empty text stands for the usual one
// and gives one empty entry.
std::vector<std::string> named_or_usual(std::string_view what, const std::string& list);

}  // namespace querist::loop
