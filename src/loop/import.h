// Files into a project: streaming, resumable, duplicates counted, bad rows reported.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "base/matrix.h"
#include "formats/format.h"
#include "storage/examples.h"

namespace querist::loop {

struct ImportReport {
  int64_t accepted = 0;
  int64_t duplicates = 0;
  int64_t rejected = 0;
  int64_t resumed_after = 0;  // Rows that an earlier, interrupted import of the same file had done.
  bool add_classes = false;   // Its labels became classes.
};

struct ImportOptions {
  formats::Roles roles;
  std::filesystem::path
      embeddings;  // An .npy of one row a data row that becomes the payload; empty: none.
  // Labels that are no class yet become classes; an import that goes on keeps the rule that it
  // began with.
  bool add_classes = true;
  std::function<void(const formats::RowProblem&)>
      rejected;  // Each rejected row, in order; may be empty.
};

// Keeps a batch of rows: in the store, or on a server elsewhere.
using KeepRows =
    std::function<storage::AddResult(const storage::AddOptions&, std::span<const NewExample>)>;
KeepRows keep_in(storage::Store& store, int64_t project_id, std::string actor);

// Reads rows from a source and has them kept in batches, each with the count of rows read so far.
class Importer {
 public:
  Importer(KeepRows keep, ImportOptions options);
  // What a format's read() feeds.
  formats::Receiver receiver();
  void finish();
  const ImportReport& report() const { return report_; }
  void resume(int64_t import_id, int64_t rows_done);
  int64_t rows_done() const { return rows_done_; }
  int64_t rejected_since_flush() const { return rejected_since_flush_; }
  const ImportOptions& options() const { return options_; }
  const Matrix& embeddings() const { return embeddings_; }

 private:
  void take(int64_t row, NewExample&& example);
  void reject(formats::RowProblem&& problem);
  void flush();

  KeepRows keep_;
  ImportOptions options_;
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

// Reads one file or folder into the importer, after checking that the embeddings, if any, belong to
// it row by row.
void read_rows(const std::filesystem::path& path, int64_t skip_rows, Importer& importer,
               const Progress& progress);

// Imports one file or folder; goes on where an interrupted import of the same file stopped.
ImportReport import_path(storage::Store& store, const Project& project,
                         const std::filesystem::path& path, const ImportOptions& options,
                         const std::string& actor, const Progress& progress);
// The same into a project that make_project makes, and whose id it gives, once the first rows are
// to be kept: a file that cannot be read, or of bad rows alone, leaves no project behind.
ImportReport import_new(storage::Store& store, const std::function<int64_t()>& make_project,
                        const std::filesystem::path& path, const ImportOptions& options,
                        const std::string& actor, const Progress& progress);

}  // namespace querist::loop
