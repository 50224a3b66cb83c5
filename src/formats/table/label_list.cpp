// Lists of names from one cell or from a column each.
#include "formats/table/label_list.h"

#include <algorithm>

#include "base/error.h"
#include "base/json.h"

namespace querist::formats {

std::string label_list(const std::vector<std::string>& names) {
  return canonical_json(Json(names));
}

std::string split_labels(std::string_view cell, std::string_view separator) {
  std::vector<std::string> names;
  for (size_t begin = 0; begin <= cell.size();) {
    const size_t end = std::min(cell.find(separator, begin), cell.size());
    std::string_view name = cell.substr(begin, end - begin);
    name.remove_prefix(std::min(name.find_first_not_of(" \t"), name.size()));
    name.remove_suffix(name.size() - (name.find_last_not_of(" \t") + 1));
    if (!name.empty()) names.emplace_back(name);
    begin = end + separator.size();
  }
  return label_list(names);
}

static std::optional<bool> flag_in(std::string_view cell) {
  for (const std::string_view yes : {"1", "1.0", "true", "True", "TRUE"})
    if (cell == yes) return true;
  for (const std::string_view no : {"0", "0.0", "false", "False", "FALSE"})
    if (cell == no) return false;
  return std::nullopt;
}

std::string flagged_labels(std::span<const std::string> names,
                           std::span<const std::string_view> cells,
                           std::optional<std::string>& list) {
  if (std::all_of(cells.begin(), cells.end(), [](std::string_view cell) { return cell.empty(); }))
    return {};
  std::vector<std::string> found;
  for (size_t i = 0; i < names.size(); ++i) {
    const auto flag = flag_in(cells[i]);
    if (!flag) {
      return fmt::format(
          "the label column \"{}\" holds \"{}\"; of several label columns each says 1 or 0",
          names[i], cells[i]);
    }
    if (*flag) found.push_back(names[i]);
  }
  list = label_list(found);
  return {};
}

}  // namespace querist::formats
