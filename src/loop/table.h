// A labelled data set read whole into memory, for simulations and one-off commands.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/matrix.h"
#include "base/progress.h"
#include "data/example.h"
#include "formats/format.h"

namespace querist::loop {

struct Table {
  PayloadKind payload = PayloadKind::text;
  std::vector<std::string> columns;  // Names of Payload::cells.
  std::vector<Payload> payloads;
  std::vector<int64_t> source_rows;  // 0-based row of the file, one a payload.
  std::vector<int32_t> labels;       // Class ids; -1: none.
  std::vector<float> targets;        // Where the labels are numbers, which they are all 0 for.
  // Where a row has several labels, likewise: their ids in `classes`, ascending, one list a row.
  std::vector<std::vector<int32_t>> label_sets;
  std::vector<std::string>
      classes;  // Ascending, so that an id does not depend on the order of rows.
  std::vector<std::string> splits;
  std::vector<std::string> ids;  // As are groups and times: empty where there is none.
  std::vector<std::string> groups;
  std::vector<std::string> times;
  std::vector<formats::RowProblem> problems;
};

// Refuses embeddings that do not have one row a data row.
void check_row_count(const std::filesystem::path& embeddings, size_t rows, int64_t data_rows);

// embeddings: an .npy of one row a data row, which becomes the payload; empty: the file's own
// payload.
Table read_table(const std::filesystem::path& path, const formats::Roles& roles,
                 const std::filesystem::path& embeddings, const Progress& progress);

}  // namespace querist::loop
