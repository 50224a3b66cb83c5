// Each distinct list is read once; its first row is the one that is named.
#include "loop/simulation/label_sets.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/json.h"

namespace querist::loop {

using Names = std::vector<std::string>;

// The list that a text holds; nothing where it is none.
static std::optional<Names> names_in(const std::string& text) {
  const Json list = Json::parse(text, nullptr, false);
  if (!list.is_array()) return std::nullopt;
  Names names;
  for (const Json& name : list) {
    if (!name.is_string()) return std::nullopt;
    names.push_back(name.get<std::string>());
  }
  return names;
}

void read_label_sets(Table& table) {
  std::vector<std::optional<Names>> lists;
  std::map<std::string, int32_t> ids;
  for (const std::string& text : table.classes) {
    lists.push_back(names_in(text));
    if (!lists.back()) continue;
    for (const std::string& name : *lists.back()) ids.emplace(name, 0);
  }
  table.label_sets.assign(table.labels.size(), {});
  std::vector<std::string> names;
  for (auto& [name, id] : ids) {
    id = static_cast<int32_t>(names.size());
    names.push_back(name);
  }
  for (size_t i = 0; i < table.labels.size(); ++i) {
    if (table.labels[i] < 0) continue;
    const auto& list = lists[static_cast<size_t>(table.labels[i])];
    if (!list) {
      refuse(
          "row {}: the label \"{}\" is no list; several labels an example are read from CSV, TSV "
          "and JSON",
          table.source_rows[i] + 1, table.classes[static_cast<size_t>(table.labels[i])]);
    }
    std::vector<int32_t>& set = table.label_sets[i];
    for (const std::string& name : *list) set.push_back(ids.at(name));
    std::sort(set.begin(), set.end());
    set.erase(std::unique(set.begin(), set.end()), set.end());
    table.labels[i] = 0;
  }
  if (names.size() < 2) {
    refuse(
        "the rows name {} label{}; several labels an example take two at least: name their column, "
        "or one column a label, with --label",
        names.size(), names.size() == 1 ? "" : "s");
  }
  table.classes = std::move(names);
}

Matrix label_matrix(std::span<const std::vector<int32_t>> sets, std::span<const int64_t> rows,
                    size_t labels) {
  Matrix matrix(rows.size(), labels);
  for (size_t i = 0; i < rows.size(); ++i) {
    for (const int32_t label : sets[static_cast<size_t>(rows[i])])
      matrix.at(i, static_cast<size_t>(label)) = 1;
  }
  return matrix;
}

}  // namespace querist::loop
