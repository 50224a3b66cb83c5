// Several labels an example as one text, whatever the file writes them as: a JSON list of names.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace querist::formats {

// Such a list of the names as they are.
std::string label_list(const std::vector<std::string>& names);

// Of a cell's names between separators; spaces about a name and empty names do not count, so that
// an empty cell is an empty list.
std::string split_labels(std::string_view cell, std::string_view separator);

// Of a column a label, each cell 1 or true, 0 or false; nothing where all cells are empty. Answers
// why there is no list, empty if there is or none was given.
std::string flagged_labels(std::span<const std::string> names,
                           std::span<const std::string_view> cells,
                           std::optional<std::string>& list);

}  // namespace querist::formats
