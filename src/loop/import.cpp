// Gathers rows into batches for the store.
#include "loop/import.h"

#include "featurizers/featurizer.h"
#include "formats/npy.h"
#include "storage/examples.h"
#include "storage/imports.h"

namespace querist::loop {

static constexpr size_t batch_bytes = size_t{32}
                                      << 20;  // Big payloads are stored in smaller batches.

Importer::Importer(storage::Store& store, const Project& project, ImportOptions options,
                   std::string actor)
    : store_(store), project_(project), options_(std::move(options)), actor_(std::move(actor)) {
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
    if (static_cast<size_t>(row) > embeddings_.rows) {
      return reject({row, fmt::format("the embeddings end at row {}", embeddings_.rows)});
    }
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
  options.add_classes = options_.add_classes;
  options.import_id = import_id_;
  options.import_rows_done = rows_done_;
  options.import_rejected = rejected_since_flush_;
  const auto added = storage::add_examples(store_, project_.id, options, batch_, actor_);
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

void Importer::finish() {
  flush();
  if (import_id_) storage::finish_import(store_, *import_id_, rows_done_, rejected_since_flush_);
}

ImportReport import_path(storage::Store& store, const Project& project,
                         const std::filesystem::path& path, const ImportOptions& options,
                         const std::string& actor, const Progress& progress) {
  if (!std::filesystem::exists(path))
    fail(Code::not_found, "there is no file or folder {}", path.string());
  const Import import = storage::begin_import(store, project.id, path);
  Importer importer(store, project, options, actor);
  importer.resume(import.id, import.rows_done);
  formats::Roles roles = options.roles;
  roles.payload_elsewhere = !options.embeddings.empty();
  formats::read(path, roles, import.rows_done, importer.receiver(), progress);
  importer.finish();
  return importer.report();
}

}  // namespace querist::loop
