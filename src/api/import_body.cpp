// A body's bytes through a format's reader into batches of the store.
#include "api/import_body.h"

#include <algorithm>
#include <cstring>

#include "api/body_stream.h"
#include "api/http_text.h"
#include "base/error.h"
#include "storage/examples.h"

namespace querist::api {

std::string_view body_format(std::string_view content_type, std::string_view head) {
  const std::string media = lower_case(content_type.substr(0, content_type.find(';')));
  if (media.find("csv") != std::string::npos) return "csv";
  if (media.find("tab-separated") != std::string::npos) return "tsv";
  if (media.find("json") != std::string::npos) return "jsonl";
  if (head.starts_with("\xef\xbb\xbf")) head.remove_prefix(3);
  const size_t begin = head.find_first_not_of(" \t\r\n");
  const bool json = begin != std::string_view::npos && (head[begin] == '{' || head[begin] == '[');
  return json ? "jsonl" : "csv";
}

namespace {

// Gathers rows and hands them to the store when a batch is full.
class Batches {
 public:
  Batches(storage::Store& store, const Project& project, const ImportWishes& wishes,
          const std::string& actor)
      : store_(store), project_(project), rejected_limit_(wishes.rejected_limit), actor_(actor) {
    options_.add_classes = wishes.add_classes;
    options_.label_column = wishes.label_column;
  }

  void layout(const formats::Layout& layout) {
    options_.payload = layout.payload;
    options_.columns = layout.columns;
    if (options_.label_column.empty()) options_.label_column = layout.roles.label;
  }
  void add(int64_t row, NewExample&& example) {
    rows_.push_back(row);
    bytes_ += example.payload.text.size() + example.payload.image.size() + example.meta.size();
    for (const std::string& cell : example.payload.cells) bytes_ += cell.size();
    examples_.push_back(std::move(example));
    if (examples_.size() >= storage::add_batch || bytes_ >= max_batch_bytes) flush();
  }
  void reject(formats::RowProblem&& problem) {
    ++counts_.rejected_count;
    if (counts_.rejected.size() < rejected_limit_) counts_.rejected.push_back(std::move(problem));
  }
  void flush() {
    if (examples_.empty()) return;
    storage::AddResult result =
        storage::add_examples(store_, project_.id, options_, examples_, actor_);
    counts_.accepted += result.accepted;
    counts_.duplicates += result.duplicates;
    for (storage::RejectedExample& rejected : result.rejected) {
      reject({rows_[rejected.index], std::move(rejected.reason)});
    }
    examples_.clear();
    rows_.clear();
    bytes_ = 0;
  }
  ImportCounts finish() {
    flush();
    std::stable_sort(counts_.rejected.begin(), counts_.rejected.end(),
                     [](const auto& a, const auto& b) { return a.row < b.row; });
    return std::move(counts_);
  }

 private:
  static constexpr size_t max_batch_bytes = size_t{32} << 20;

  storage::Store& store_;
  const Project& project_;
  size_t rejected_limit_;
  const std::string& actor_;
  storage::AddOptions options_;
  std::vector<NewExample> examples_;
  std::vector<int64_t> rows_;
  size_t bytes_ = 0;
  ImportCounts counts_;
};

}  // namespace

ImportCounts import_body(storage::Store& store, const Project& project, const ImportWishes& wishes,
                         const Incoming& incoming, const std::string& actor) {
  BodyStream& body = *incoming.stream;
  std::string head(4096, 0);
  head.resize(body.read(head));
  if (head.empty()) refuse("the body is empty; send a JSON array, JSONL or CSV");
  size_t passed = 0;
  const formats::ByteSource bytes = [&](char* buffer, size_t size) {
    if (passed == head.size()) return body.read({buffer, size});
    const size_t count = std::min(size, head.size() - passed);
    std::memcpy(buffer, head.data() + passed, count);
    passed += count;
    return count;
  };
  Batches batches(store, project, wishes, actor);
  const formats::Receiver receiver = {
      .layout = [&](const formats::Layout& layout) { batches.layout(layout); },
      .example = [&](int64_t row, NewExample&& example) { batches.add(row, std::move(example)); },
      .problem = [&](formats::RowProblem&& problem) { batches.reject(std::move(problem)); }};
  const std::string_view format = body_format(incoming.header("content-type"), head);
  formats::read_bytes(format, bytes, wishes.roles, 0, receiver, Progress());
  return batches.finish();
}

}  // namespace querist::api
