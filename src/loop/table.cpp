// Gathers the rows of a file and numbers its classes.
#include "loop/table.h"

#include <algorithm>
#include <map>

#include "formats/npy.h"

namespace querist::loop {

// Class names to ids, names ascending.
static void number_classes(const std::vector<std::optional<std::string>>& names, Table& table) {
  std::map<std::string, int32_t> ids;
  for (const auto& name : names) {
    if (name) ids.emplace(*name, 0);
  }
  for (auto& [name, id] : ids) {
    id = static_cast<int32_t>(table.classes.size());
    table.classes.push_back(name);
  }
  for (const auto& name : names) table.labels.push_back(name ? ids.at(*name) : -1);
}

void check_row_count(const std::filesystem::path& embeddings, size_t rows, int64_t data_rows) {
  if (static_cast<int64_t>(rows) == data_rows) return;
  refuse("{} has {} rows but the data has {}: they must belong row to row; nothing was taken in",
         embeddings.string(), rows, data_rows);
}

static void use_embeddings(const std::filesystem::path& path, int64_t rows_read, Table& table) {
  const Matrix matrix = formats::read_npy_matrix(path);
  check_row_count(path, matrix.rows, rows_read);
  table.payload = PayloadKind::embedding;
  table.columns.clear();
  for (size_t i = 0; i < table.payloads.size(); ++i) {
    const auto row = matrix.row(static_cast<size_t>(table.source_rows[i]));
    table.payloads[i] = {};
    table.payloads[i].embedding.assign(row.begin(), row.end());
  }
}

Table read_table(const std::filesystem::path& path, const formats::Roles& roles,
                 const std::filesystem::path& embeddings, const Progress& progress) {
  Table table;
  std::vector<std::optional<std::string>> names;
  int64_t rows_read = 0;
  formats::Receiver receiver;
  receiver.layout = [&](const formats::Layout& layout) {
    table.payload = layout.payload;
    table.columns = layout.columns;
  };
  receiver.example = [&](int64_t row, NewExample&& example) {
    table.payloads.push_back(std::move(example.payload));
    table.source_rows.push_back(row - 1);
    table.splits.push_back(std::move(example.split));
    table.ids.push_back(std::move(example.external_id));
    table.groups.push_back(std::move(example.group));
    table.times.push_back(std::move(example.time));
    names.push_back(std::move(example.label));
    rows_read = std::max(rows_read, row);
  };
  receiver.problem = [&](formats::RowProblem&& problem) {
    rows_read = std::max(rows_read, problem.row);
    table.problems.push_back(std::move(problem));
  };
  formats::Roles wanted = roles;
  wanted.payload_elsewhere = !embeddings.empty();
  formats::read(path, wanted, 0, receiver, progress);
  number_classes(names, table);
  if (!embeddings.empty()) use_embeddings(embeddings, rows_read, table);
  return table;
}

}  // namespace querist::loop
