// Files into a project: streaming, resumable, duplicates counted, bad rows reported.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "base/matrix.h"
#include "formats/format.h"
#include "storage/store.h"

namespace querist::loop {

struct ImportReport {
  int64_t accepted = 0;
  int64_t duplicates = 0;
  int64_t rejected = 0;
  int64_t resumed_after = 0;  // Rows that an earlier, interrupted import of the same file had done.
};

struct ImportOptions {
  formats::Roles roles;
  std::filesystem::path
      embeddings;           // An .npy of one row a data row that becomes the payload; empty: none.
  bool add_classes = true;  // Labels that are no class yet become classes.
  std::function<void(const formats::RowProblem&)>
      rejected;  // Each rejected row, in order; may be empty.
};

// Reads rows from a source and stores them in batches, each durable with the count of rows read so
// far.
class Importer {
 public:
  Importer(storage::Store& store, const Project& project, ImportOptions options, std::string actor);
  // What a format's read() feeds.
  formats::Receiver receiver();
  void finish();
  const ImportReport& report() const { return report_; }
  void resume(int64_t import_id, int64_t rows_done);

 private:
  void take(int64_t row, NewExample&& example);
  void reject(formats::RowProblem&& problem);
  void flush();

  storage::Store& store_;
  Project project_;
  ImportOptions options_;
  std::string actor_;
  formats::Layout layout_;
  Matrix embeddings_;
  std::function<std::string(const Payload&)> check_;
  std::vector<NewExample> batch_;
  std::vector<int64_t> batch_rows_;
  size_t batch_bytes_ = 0;
  std::optional<int64_t> import_id_;
  int64_t rows_done_ = 0;
  int64_t rejected_since_flush_ = 0;
  ImportReport report_;
};

// Imports one file or folder; goes on where an interrupted import of the same file stopped.
ImportReport import_path(storage::Store& store, const Project& project,
                         const std::filesystem::path& path, const ImportOptions& options,
                         const std::string& actor, const Progress& progress);

}  // namespace querist::loop
