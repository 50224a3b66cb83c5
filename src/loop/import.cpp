// Gathers rows into batches for the store.
#include "loop/import.h"

#include "base/check.h"
#include "featurizers/featurizer.h"
#include "formats/npy.h"
#include "loop/table.h"
#include "storage/imports.h"

namespace querist::loop {

static constexpr size_t batch_bytes = size_t{32}
                                      << 20;  // Big payloads are stored in smaller batches.

KeepRows keep_in(storage::Store& store, int64_t project_id, std::string actor) {
  return [&store, project_id, actor = std::move(actor)](const storage::AddOptions& options,
                                                        std::span<const NewExample> rows) {
    return storage::add_examples(store, project_id, options, rows, actor);
  };
}

Importer::Importer(KeepRows keep, ImportOptions options)
    : keep_(std::move(keep)), options_(std::move(options)) {
  if (!options_.embeddings.empty()) embeddings_ = formats::read_npy_matrix(options_.embeddings);
}

void Importer::resume(int64_t import_id, int64_t rows_done) {
  import_id_ = import_id;
  rows_done_ = rows_done;
  report_.resumed_after = rows_done;
}

formats::Receiver Importer::receiver() {
  formats::Receiver receiver;
  receiver.layout = [this](const formats::Layout& layout) {
    layout_ = layout;
    if (!options_.embeddings.empty()) {
      layout_.payload = PayloadKind::embedding;
      layout_.columns.clear();
    }
    const auto& card = featurizers::find(featurizers::default_for(layout_.payload));
    if (card.check) check_ = card.check;
  };
  receiver.example = [this](int64_t row, NewExample&& example) { take(row, std::move(example)); };
  receiver.problem = [this](formats::RowProblem&& problem) { reject(std::move(problem)); };
  return receiver;
}

void Importer::take(int64_t row, NewExample&& example) {
  if (!options_.embeddings.empty()) {
    QUERIST_CHECK(static_cast<size_t>(row) <= embeddings_.rows);  // read_rows counted them.
    const auto values = embeddings_.row(static_cast<size_t>(row - 1));
    example.payload = {};
    example.payload.embedding.assign(values.begin(), values.end());
  }
  if (check_) {
    if (std::string reason = check_(example.payload); !reason.empty())
      return reject({row, std::move(reason)});
  }
  batch_bytes_ += example.payload.text.size() + example.payload.image.size() +
                  4 * example.payload.embedding.size();
  batch_.push_back(std::move(example));
  batch_rows_.push_back(row);
  rows_done_ = row;
  if (batch_.size() >= storage::add_batch || batch_bytes_ >= batch_bytes) flush();
}

void Importer::reject(formats::RowProblem&& problem) {
  rows_done_ = std::max(rows_done_, problem.row);
  ++report_.rejected;
  ++rejected_since_flush_;
  if (options_.rejected) options_.rejected(problem);
}

void Importer::flush() {
  if (batch_.empty()) return;
  storage::AddOptions options;
  options.payload = layout_.payload;
  options.columns = layout_.columns;
  options.label_column = layout_.roles.label;
  options.add_classes = options_.add_classes;
  options.import_id = import_id_;
  options.import_rows_done = rows_done_;
  options.import_rejected = rejected_since_flush_;
  const auto added = keep_(options, batch_);
  report_.accepted += added.accepted;
  report_.duplicates += added.duplicates;
  report_.rejected += static_cast<int64_t>(added.rejected.size());
  for (const auto& rejected : added.rejected) {
    if (options_.rejected) options_.rejected({batch_rows_[rejected.index], rejected.reason});
  }
  batch_.clear();
  batch_rows_.clear();
  batch_bytes_ = 0;
  rejected_since_flush_ = 0;
}

void Importer::finish() { flush(); }

// Counts the rows first: a file that does not belong to the embeddings is refused before any row of
// it is kept.
static void check_embeddings(const std::filesystem::path& path, const formats::Roles& roles,
                             const Importer& importer, const Progress& progress) {
  int64_t rows = 0;
  const formats::Receiver counting = {
      .layout = [](const formats::Layout&) {},
      .example = [&](int64_t row, NewExample&&) { rows = row; },
      .problem = [&](formats::RowProblem&& problem) { rows = problem.row; }};
  formats::read(path, roles, 0, counting, progress);
  check_row_count(importer.options().embeddings, importer.embeddings().rows, rows);
}

void read_rows(const std::filesystem::path& path, int64_t skip_rows, Importer& importer,
               const Progress& progress) {
  formats::Roles roles = importer.options().roles;
  roles.payload_elsewhere = !importer.options().embeddings.empty();
  if (roles.payload_elsewhere) check_embeddings(path, roles, importer, progress);
  formats::read(path, roles, skip_rows, importer.receiver(), progress);
  importer.finish();
}

ImportReport import_path(storage::Store& store, const Project& project,
                         const std::filesystem::path& path, const ImportOptions& options,
                         const std::string& actor, const Progress& progress) {
  if (!std::filesystem::exists(path))
    fail(Code::not_found, "there is no file or folder {}", path.string());
  const Import import = storage::begin_import(store, project.id, path, options.add_classes);
  ImportOptions as_begun = options;
  as_begun.add_classes = options.add_classes || import.add_classes;
  Importer importer(keep_in(store, project.id, actor), as_begun);
  importer.resume(import.id, import.rows_done);
  read_rows(path, import.rows_done, importer, progress);
  storage::finish_import(store, import.id, importer.rows_done(), importer.rejected_since_flush());
  ImportReport report = importer.report();
  report.add_classes = as_begun.add_classes;
  return report;
}

ImportReport import_new(storage::Store& store, const std::function<int64_t()>& make_project,
                        const std::filesystem::path& path, const ImportOptions& options,
                        const std::string& actor, const Progress& progress) {
  std::optional<Import> import;
  const KeepRows keep = [&](const storage::AddOptions& add, std::span<const NewExample> rows) {
    if (!import) import = storage::begin_import(store, make_project(), path, options.add_classes);
    storage::AddOptions marked = add;
    marked.import_id = import->id;
    return storage::add_examples(store, import->project_id, marked, rows, actor);
  };
  Importer importer(keep, options);
  read_rows(path, 0, importer, progress);
  if (import)
    storage::finish_import(store, import->id, importer.rows_done(),
                           importer.rejected_since_flush());
  ImportReport report = importer.report();
  report.add_classes = options.add_classes;
  return report;
}

}  // namespace querist::loop
