// Bulk arrival: encode on all cores, then insert a batch, its classes, its import's mark and its
// event in one transaction.
#include <unordered_set>

#include "base/hash.h"
#include "base/limits.h"
#include "base/stop_point.h"
#include "base/threads.h"
#include "storage/blobs.h"
#include "storage/encode_payload.h"
#include "storage/events.h"
#include "storage/examples.h"
#include "storage/feature_store.h"
#include "storage/projects.h"

namespace querist::storage {

static std::vector<Encoded> encode_all(const AddOptions& options,
                                       std::span<const NewExample> examples) {
  std::vector<Encoded> encoded(examples.size());
  parallel_for(examples.size(), 256, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) encoded[i] = encode(examples[i], options);
  });
  return encoded;
}

static void store_images(Store& store, std::span<const NewExample> examples,
                         const std::vector<Encoded>& encoded) {
  std::vector<std::string_view> images;
  for (size_t i = 0; i < examples.size(); ++i) {
    if (encoded[i].problem.empty()) images.push_back(examples[i].payload.image);
  }
  put_blobs(store, images);
}

// One transaction's worth of work, made anew should the transaction have to run again.
class Batch {
 public:
  Batch(Store& store, Session& session, int64_t project_id, const AddOptions& options)
      : store_(store), session_(session), options_(options), project_(project(store, project_id)) {
    agree_on_payload();
    classes_.insert(project_.classes.begin(), project_.classes.end());
    next_row_ = project_.counts.examples;
  }

  void add(size_t index, const NewExample& example, const Encoded& encoded) {
    std::string problem = encoded.problem;
    if (problem.empty()) problem = dimension_problem(example);
    if (problem.empty() && example.label) problem = class_problem(*example.label);
    if (!problem.empty()) {
      result_.rejected.push_back({index, std::move(problem)});
      return;
    }
    if (!insert(example, encoded)) {
      if (auto other = contradiction(example, encoded); !other.empty()) {
        result_.rejected.push_back({index, std::move(other)});
      } else {
        ++result_.duplicates;
      }
      return;
    }
    if (example.label) admit_class(*example.label);
    ++next_row_;
    ++result_.accepted;
    has_labels_ = has_labels_ || example.label;
    digest_.add(encoded.content_hash);
    const auto& embedding = example.payload.embedding;
    embeddings_.insert(embeddings_.end(), embedding.begin(), embedding.end());
  }

  AddResult finish(const std::string& actor) {
    const int64_t first_row = next_row_ - result_.accepted;
    if (result_.accepted > 0) {
      if (options_.payload == PayloadKind::embedding)
        append_embeddings(static_cast<size_t>(first_row));
      stop_point("examples_before_event");
      session_.execute("UPDATE projects SET examples = $2, classes = $3 WHERE id = $1",
                       {project_.id, next_row_, canonical_json(project_.classes)});
      if (has_labels_) note_label_column(store_, project_.id, options_.label_column);
      Json data = {{"accepted", result_.accepted},
                   {"duplicates", result_.duplicates},
                   {"rejected", result_.rejected.size()},
                   {"first_row", first_row},
                   {"content_hash", digest_.hex()}};
      if (!new_classes_.empty()) data["new_classes"] = new_classes_;
      record(store_, "examples_added", project_.id, actor, data);
    }
    if (options_.import_id) {
      session_.execute(
          "UPDATE imports SET rows_done = $2, accepted = accepted + $3, duplicates = duplicates + "
          "$4, "
          "rejected = rejected + $5 WHERE id = $1",
          {*options_.import_id, options_.import_rows_done, result_.accepted, result_.duplicates,
           static_cast<int64_t>(result_.rejected.size()) + options_.import_rejected});
    }
    stop_point("examples_before_commit");
    return std::move(result_);
  }

 private:
  void agree_on_payload() {
    const auto kind = word(options_.payload);
    if (project_.payload && *project_.payload != options_.payload) {
      fail(Code::conflict, "project {} holds {} examples; {} ones need a project of their own",
           project_.name, word(*project_.payload), kind);
    }
    std::vector<std::string> present;
    for (const Column& column : project_.columns) present.push_back(column.name);
    if (project_.payload && present != options_.columns) {
      fail(Code::conflict, "project {} has the columns {}, not {}", project_.name,
           fmt::join(present, ", "), fmt::join(options_.columns, ", "));
    }
    if (project_.payload) return;
    Json columns = Json::array();
    for (const std::string& name : options_.columns)
      columns.push_back({{"name", name}, {"type", ""}});
    session_.execute("UPDATE projects SET payload = $2, columns = $3 WHERE id = $1",
                     {project_.id, kind, canonical_json(columns)});
  }

  std::string dimension_problem(const NewExample& example) {
    if (options_.payload != PayloadKind::embedding) return "";
    const auto size = static_cast<int64_t>(example.payload.embedding.size());
    if (project_.dimensions == 0) {
      project_.dimensions = size;
      session_.execute("UPDATE projects SET dimensions = $2 WHERE id = $1", {project_.id, size});
    }
    if (size == project_.dimensions) return "";
    return fmt::format("the embedding has {} numbers, not {}", size, project_.dimensions);
  }

  std::string class_problem(const std::string& label) {
    if (classes_.contains(label)) return "";
    if (!options_.add_classes)
      return fmt::format("the label \"{}\" is none of the project's classes", label);
    if (classes_.size() >= limits::max_classes) {
      return fmt::format("the label \"{}\" would be class number {}; the maximum is {}", label,
                         classes_.size() + 1, limits::max_classes);
    }
    return "";
  }

  void admit_class(const std::string& label) {
    if (!classes_.insert(label).second) return;
    new_classes_.push_back(label);
    project_.classes.push_back(label);
  }

  // What a row that is there already says of the label, where both have one and they differ.
  std::string contradiction(const NewExample& example, const Encoded& encoded) {
    if (!example.label) return "";
    const auto label = [](const Row& row) { return row.maybe_text(0); };
    const auto known =
        example.external_id.empty()
            ? session_.one(
                  "SELECT known_label FROM examples WHERE project_id = $1 AND "
                  "substr(content_hash, 1, 16) = substr($2, 1, 16) AND external_id IS NULL",
                  {project_.id, Blob{encoded.content_hash}}, label)
            : session_.one(
                  "SELECT known_label FROM examples WHERE project_id = $1 AND external_id = $2",
                  {project_.id, example.external_id}, label);
    if (!known || !*known || **known == *example.label) return "";
    const std::string what =
        example.external_id.empty()
            ? "the same example"
            : fmt::format("an example with the id \"{}\"", example.external_id);
    return fmt::format("{} is there already with another label: \"{}\", not \"{}\"", what, **known,
                       *example.label);
  }

  bool insert(const NewExample& example, const Encoded& encoded) {
    const auto given = [](const std::string& text) { return text.empty() ? Value() : Value(text); };
    return session_.execute(
               "INSERT INTO examples (project_id, row, external_id, content_hash, known_label, "
               "group_name, time, split, meta, payload) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, "
               "$9, "
               "$10) ON CONFLICT DO NOTHING",
               {project_.id, next_row_, given(example.external_id), Blob{encoded.content_hash},
                example.label, given(example.group), given(example.time), given(example.split),
                given(example.meta), encoded.payload}) == 1;
  }

  void append_embeddings(size_t first_row) {
    const auto dimensions = static_cast<size_t>(project_.dimensions);
    const auto files = embedding_files(store_, project_.id, dimensions);
    const MatrixView rows(embeddings_.size() / dimensions, dimensions, embeddings_.data());
    files->append(first_row, rows, nullptr);
  }

  Store& store_;
  Session& session_;
  const AddOptions& options_;
  Project project_;
  std::unordered_set<std::string> classes_;
  std::vector<std::string> new_classes_;
  std::vector<float> embeddings_;
  int64_t next_row_ = 0;
  bool has_labels_ = false;
  Sha256 digest_;
  AddResult result_;
};

AddResult add_examples(Store& store, int64_t project_id, const AddOptions& options,
                       std::span<const NewExample> examples, const std::string& actor) {
  const std::vector<Encoded> encoded = encode_all(options, examples);
  if (options.payload == PayloadKind::image) store_images(store, examples, encoded);
  return store.write([&](Session& session) {
    Batch batch(store, session, project_id, options);
    for (size_t i = 0; i < examples.size(); ++i) batch.add(i, examples[i], encoded[i]);
    return batch.finish(actor);
  });
}

}  // namespace querist::storage
