// Reads the examples once and turns what they say into columns.
#include "loop/audit_columns.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "loop/words.h"
#include "storage/examples.h"

namespace querist::loop {

static std::string plain_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_boolean() || value.is_number() ? value.dump() : std::string();
}

static void add_fields(const std::vector<Example>& examples, std::vector<AuditColumn>& columns) {
  AuditColumn group{"group", {}}, time{"time", {}}, split{"split", {}};
  std::map<std::string, AuditColumn> meta;
  for (size_t i = 0; i < examples.size(); ++i) {
    group.texts.push_back(examples[i].group.value_or(""));
    time.texts.push_back(examples[i].time.value_or(""));
    split.texts.push_back(examples[i].split.value_or(""));
    if (!examples[i].meta.is_object()) continue;
    for (const auto& [key, value] : examples[i].meta.items()) {
      if (key == "file") continue;
      AuditColumn& column = meta.try_emplace(key, AuditColumn{key, {}}).first->second;
      column.texts.resize(examples.size());
      column.texts[i] = plain_text(value);
    }
  }
  columns.insert(columns.end(), {group, time, split});
  for (auto& [key, column] : meta) columns.push_back(std::move(column));
}

std::vector<AuditColumn> audit_columns(storage::Store& store, const Project& project,
                                       const AuditAnswers& answers) {
  const auto ids = storage::ids_of_rows(store, project.id, answers.rows);
  const auto examples = storage::examples_by_id(store, project.id, ids);
  std::vector<AuditColumn> columns = {{"class", {}}};
  for (const int32_t label : answers.labels)
    columns.front().texts.push_back(project.classes[static_cast<size_t>(label)]);
  for (size_t c = 0; c < project.columns.size(); ++c) {
    AuditColumn column{project.columns[c].name, {}};
    for (const Example& example : examples)
      column.texts.push_back(c < example.cells.size() ? example.cells[c] : "");
    columns.push_back(std::move(column));
  }
  if (project.payload == PayloadKind::text) {
    AuditColumn words{"words", {}};
    for (const Example& example : examples)
      words.texts.push_back(std::to_string(words_of(example.text).size()));
    columns.push_back(std::move(words));
  }
  add_fields(examples, columns);
  std::erase_if(columns, [](const AuditColumn& column) {
    return std::ranges::all_of(column.texts, [](const std::string& text) { return text.empty(); });
  });
  return columns;
}

std::vector<int32_t> audit_groups(storage::Store& store, int64_t project_id,
                                  std::span<const int64_t> rows) {
  const auto ids = storage::ids_of_rows(store, project_id, rows);
  std::map<std::string, int32_t> numbers;
  std::vector<int32_t> groups;
  int32_t next = 0;
  for (const Example& example : storage::examples_by_id(store, project_id, ids)) {
    if (!example.group || example.group->empty())
      groups.push_back(next++);
    else if (const auto [at, added] = numbers.try_emplace(*example.group, next); true)
      groups.push_back(added ? next++ : at->second);
  }
  if (next < least_groups || static_cast<size_t>(next) == groups.size()) groups.clear();
  return groups;
}

metrics::SliceColumn group_column(const std::vector<AuditColumn>& columns,
                                  const std::string& name) {
  std::vector<std::string> names;
  for (const AuditColumn& column : columns) {
    if (column.name == name) return metrics::inferred_column(name, column.texts);
    names.push_back(column.name);
  }
  refuse("the audit examples have no column \"{}\" to group by; there are: {}", name,
         fmt::join(names, ", "));
}

}  // namespace querist::loop
