// Reads the header, settles who plays what, and turns each record into one example or one problem.
#include "formats/table/table.h"

#include <algorithm>
#include <optional>
#include <set>

#include "base/json.h"
#include "formats/image/image_file.h"
#include "formats/stream/encoding.h"
#include "formats/table/label_list.h"
#include "formats/table/record.h"
#include "formats/table/roles.h"

namespace querist::formats {

// How many of `c` stand outside quotes in a line.
static size_t count_unquoted(std::string_view line, char c) {
  size_t count = 0;
  bool quoted = false;
  for (const char at : line) {
    if (at == '"') quoted = !quoted;
    if (at == c && !quoted) ++count;
  }
  return count;
}

// The header shows it: a line without a comma that has semicolons or tabs is divided by those.
static Dialect dialect_of(Window& window, TableKind kind) {
  constexpr size_t enough = size_t{1} << 20;
  while (window.rest().find('\n') == std::string_view::npos && window.rest().size() < enough &&
         window.more()) {
  }
  const std::string_view head = window.rest();
  Dialect dialect;
  const bool old_line_ends =
      head.find('\n') == std::string_view::npos && head.find('\r') != std::string_view::npos;
  dialect.line_end = old_line_ends ? '\r' : '\n';
  if (kind == TableKind::tsv) {
    dialect.delimiter = '\t';
    dialect.strict_quotes = false;
    return dialect;
  }
  const size_t start = std::min(head.find_first_not_of("\r\n"), head.size());
  const std::string_view line = head.substr(start, head.find(dialect.line_end, start) - start);
  if (count_unquoted(line, ',') > 0) return dialect;
  for (const char other : {';', '\t'}) {
    if (count_unquoted(line, other) == 0) continue;
    dialect.delimiter = other;
    break;
  }
  return dialect;
}

static std::string trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t") - begin + 1));
}

static std::vector<std::string> header_names(const Record& header) {
  if (!header.problem.empty()) {
    refuse("the header, the first line, cannot be read: {}", header.problem);
  }
  if (header.cells.size() > limits::max_columns) {
    refuse("the table has {} columns; at most {} can be read", header.cells.size(),
           limits::max_columns);
  }
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const std::string_view cell : header.cells) {
    // An index written without a name is common; its number serves as one.
    std::string name = trimmed(cell);
    if (name.empty()) name = fmt::format("column_{}", names.size() + 1);
    if (!seen.insert(name).second) {
      refuse("the header names the column \"{}\" twice; rename one of them", name);
    }
    names.push_back(std::move(name));
  }
  return names;
}

// The layout as positions in a record.
struct Positions {
  std::optional<size_t> text, image, label, id, group, time, split;
  std::vector<size_t> cells;
  std::vector<size_t> flags;  // Of label columns.
};

static Positions positions_of(const Layout& layout, const std::vector<std::string>& names) {
  const auto position = [&](const std::string& name) -> std::optional<size_t> {
    if (name.empty()) return std::nullopt;
    return static_cast<size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  };
  const Roles& roles = layout.roles;
  Positions at = {position(roles.text), position(roles.image), position(roles.label),
                  position(roles.id),   position(roles.group), position(roles.time),
                  position(roles.split)};
  for (const std::string& column : layout.columns) at.cells.push_back(*position(column));
  for (const std::string& column : roles.label_columns) at.flags.push_back(*position(column));
  return at;
}

static std::string fill_label(NewExample& example, const std::vector<std::string_view>& cells,
                              const Positions& at, const Roles& roles) {
  if (!at.flags.empty()) {
    std::vector<std::string_view> flags;
    for (const size_t cell : at.flags) flags.push_back(cells[cell]);
    return flagged_labels(roles.label_columns, flags, example.label);
  }
  if (!at.label) return {};
  if (!roles.label_separator.empty()) {
    example.label = split_labels(cells[*at.label], roles.label_separator);
  } else if (!cells[*at.label].empty()) {
    example.label.emplace(cells[*at.label]);
  }
  return {};
}

// Fills the example from a sound record; answers why it cannot, empty if it did.
static std::string fill(NewExample& example, const std::vector<std::string_view>& cells,
                        const Positions& at, const Roles& roles,
                        const std::filesystem::path* folder) {
  if (at.text) {
    if (cells[*at.text].empty()) return "the text is empty";
    example.payload.text = cells[*at.text];
  } else if (at.image) {
    if (cells[*at.image].empty()) return "the image's path is empty";
    std::string fault = load_image(*folder, cells[*at.image], example.payload.image);
    if (!fault.empty()) return fault;
    example.meta = canonical_json(Json{{"file", std::string(cells[*at.image])}});
  } else {
    example.payload.cells.reserve(at.cells.size());
    for (const size_t cell : at.cells) example.payload.cells.emplace_back(cells[cell]);
  }
  if (at.id) example.external_id = cells[*at.id];
  if (at.group) example.group = cells[*at.group];
  if (at.time) example.time = cells[*at.time];
  if (at.split) example.split = cells[*at.split];
  return fill_label(example, cells, at, roles);
}

void read_table(const ByteSource& bytes, TableKind kind, const std::filesystem::path* folder,
                const Roles& roles, int64_t skip_rows, const Receiver& receiver) {
  Window window(as_utf8(bytes));
  RecordReader reader(window, dialect_of(window, kind));
  Record record;
  if (!reader.next(record)) refuse("the table is empty; its first line must name the columns");
  const std::vector<std::string> names = header_names(record);
  const Layout layout = resolve_roles(roles, {.names = names, .cells = names});
  if (layout.payload == PayloadKind::image && !folder) {
    refuse("a column of image paths can only be read from a file beside the images");
  }
  receiver.layout(layout);
  const Positions at = positions_of(layout, names);
  int64_t row = 1;
  while (row <= skip_rows && reader.pass_over()) ++row;
  for (; reader.next(record); ++row) {
    if (record.problem.empty() && record.cells.size() != names.size()) {
      record.problem =
          fmt::format("the row has {} {}, but the header names {}", record.cells.size(),
                      record.cells.size() == 1 ? "cell" : "cells", names.size());
    }
    NewExample example;
    if (record.problem.empty())
      record.problem = fill(example, record.cells, at, layout.roles, folder);
    if (record.problem.empty()) {
      receiver.example(row, std::move(example));
    } else {
      receiver.problem({row, std::move(record.problem)});
    }
  }
}

}  // namespace querist::formats
