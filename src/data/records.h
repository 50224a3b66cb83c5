// The rows of the store in the product's own words. Times are milliseconds since 1970 UTC; ids are
// positive.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/params.h"
#include "data/example.h"

namespace querist {

// Enumerators are stored, sent and shown as they are written here.
enum class ExampleState { unlabeled, leased, labeled, skipped };
enum class CycleState { training, scoring, selecting, awaiting_labels, finished };
enum class JobState { queued, running, succeeded, failed, cancelled };
enum class Role {
  annotator,
  reviewer,
  engineer,
  officer,
  admin
};  // Each may do what those before it may.

template <class E>
inline constexpr std::array<std::string_view, 0> enumerator_words{};
template <>
inline constexpr std::array<std::string_view, 4> enumerator_words<ExampleState>{
    "unlabeled", "leased", "labeled", "skipped"};
template <>
inline constexpr std::array<std::string_view, 5> enumerator_words<CycleState>{
    "training", "scoring", "selecting", "awaiting_labels", "finished"};
template <>
inline constexpr std::array<std::string_view, 5> enumerator_words<JobState>{
    "queued", "running", "succeeded", "failed", "cancelled"};
template <>
inline constexpr std::array<std::string_view, 5> enumerator_words<Role>{
    "annotator", "reviewer", "engineer", "officer", "admin"};
template <>
inline constexpr std::array<std::string_view, 4> enumerator_words<PayloadKind>{
    "text", "columns", "image", "embedding"};

template <class E>
constexpr std::string_view word(E value) {
  return enumerator_words<E>[static_cast<size_t>(value)];
}

// Refuses a word that is none of the enumerators, naming them.
template <class E>
E from_word(std::string_view text, std::string_view what) {
  const auto& words = enumerator_words<E>;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == text) return static_cast<E>(i);
  }
  refuse("{} must be one of {}, not \"{}\"", what, fmt::join(words, ", "), text);
}

struct Column {
  std::string name;
  std::string type;  // number, category, date, text, dropped; empty until a featurizer has looked.
  bool operator==(const Column&) const = default;
};

// Every example is in exactly one of the four states: examples = unlabeled + leased + labeled +
// skipped.
struct Counts {
  int64_t examples = 0;
  int64_t unlabeled = 0;
  int64_t leased = 0;
  int64_t labeled = 0;
  int64_t skipped = 0;
  int64_t audit = 0;  // Labelled examples that were drawn to measure with.
};

struct Project {
  int64_t id = 0;
  std::string name;
  std::string task = "classification";
  std::vector<std::string> classes;
  Params settings;  // Over project_settings(); settings.given() are the changed ones.
  std::optional<PayloadKind> payload;  // Unknown until the first import.
  std::vector<Column> columns;         // Of a columns payload.
  int64_t dimensions = 0;              // Of an embedding payload.
  bool finalised = false;              // Audit labels are trained on as well.
  Counts counts;
  int64_t created_at = 0;
};

struct Example {
  int64_t id = 0;
  int64_t project_id = 0;
  int64_t row = 0;  // Dense, from 0 within the project: the row of every feature matrix.
  std::optional<std::string> external_id;
  std::string content_hash;        // SHA-256 of the payload, hexadecimal.
  std::string text;                // Of a text payload.
  std::vector<std::string> cells;  // Of a columns payload, in Project::columns' order.
  std::string image_hash;          // Of an image payload: the name of its blob.
  ExampleState state = ExampleState::unlabeled;
  std::optional<std::string> label;
  std::optional<std::string> known_label;  // What the source said; never trained on by itself.
  std::optional<std::string> group;
  std::optional<std::string> time;
  std::optional<std::string> split;
  Json meta;  // null or an object.
  bool audit = false;
};

// An answer, a skip (value empty, skip_reason set) or an undo (undoes set) by one annotator;
// appended, never edited.
struct Annotation {
  int64_t id = 0;
  int64_t project_id = 0;
  int64_t example_id = 0;
  std::string annotator;
  std::optional<std::string> value;
  std::optional<std::string> skip_reason;
  std::optional<int64_t> undoes;
  std::optional<int64_t> lease_id;
  std::optional<int64_t> selection_id;
  std::optional<double> seconds;
  std::optional<std::string> suggestion;
  std::optional<double> suggestion_confidence;
  bool suggestion_shown = false;
  std::optional<std::string> comment;
  bool flag = false;
  bool undone = false;
  int64_t sequence = 0;  // Of the event that recorded it.
  int64_t created_at = 0;
  // Why this example was asked about; empty strategy: it was not selected, someone answered it
  // unasked.
  std::string strategy;
  std::optional<double> utility;
  std::optional<double> propensity;
  bool audit = false;
};

struct Lease {
  int64_t id = 0;
  int64_t project_id = 0;
  int64_t example_id = 0;
  std::string annotator;
  std::optional<int64_t> selection_id;
  std::optional<std::string>
      suggestion;  // What the model would say, whether or not it may be shown.
  std::optional<double> suggestion_confidence;
  bool suggestion_shown = false;
  std::string state = "open";  // open, answered, expired, given_back.
  int64_t created_at = 0;
  int64_t expires_at = 0;
};

struct SelectionItem {
  int64_t example_id = 0;
  int64_t row = 0;
  std::optional<double> utility;
  std::optional<double> propensity;
  bool audit = false;
  std::optional<std::string> prediction;
  std::optional<double> confidence;
  bool done = false;
  bool relabel = false;  // Asks for one more answer to a labelled example.
};

// One selection as stored: all that is needed to replay it.
struct StoredSelection {
  int64_t id = 0;
  int64_t project_id = 0;
  std::optional<int64_t> cycle_id;
  std::string strategy;
  Json params = Json::object();
  int64_t seed = 0;
  std::optional<int64_t> model_version;
  int64_t pool_size = 0;
  int64_t through_event = 0;  // The pool and its labels were those as of this event.
  int64_t remaining = 0;      // Items without their answers yet.
  Json data = Json::object();
  std::vector<SelectionItem> items;
  int64_t sequence = 0;
  int64_t created_at = 0;
  std::optional<int64_t> closed_at;
};

struct Cycle {
  int64_t id = 0;
  int64_t project_id = 0;
  CycleState state = CycleState::training;
  std::optional<int64_t> model_version;
  std::optional<int64_t> selection_id;
  Json data = Json::object();  // The loop's own notes.
  int64_t created_at = 0;
  int64_t updated_at = 0;
  std::optional<int64_t> finished_at;
};

struct FeaturizerVersion {
  int64_t project_id = 0;
  int64_t version = 0;
  std::string name;
  Json params = Json::object();
  int64_t features = 0;
  int64_t geometry_features = 0;
  bool is_sparse = false;
  int64_t fitted_rows = 0;
  Json description = Json::object();
  std::string sha256;
  int64_t sequence = 0;
  int64_t created_at = 0;
};

struct ModelVersion {
  int64_t project_id = 0;
  int64_t version = 0;
  std::string learner;
  Json params = Json::object();
  int64_t seed = 0;
  std::vector<std::string> classes;  // As they were; class ids of the model's columns.
  std::string featurizer;
  int64_t featurizer_version = 0;
  int64_t labels = 0;         // How many it was trained on.
  std::string label_hash;     // hash_of_labels() of exactly those.
  int64_t through_event = 0;  // They were the labels as of this event.
  bool with_audit = false;    // Audit labels were trained on as well.
  Json metrics;               // null until evaluated.
  Json gate;                  // null until compared with the champion.
  Json data = Json::object();
  double seconds = 0;
  std::string build;
  int64_t bytes = 0;
  std::string sha256;
  std::vector<std::string> aliases;
  int64_t sequence = 0;
  int64_t created_at = 0;
};

struct AliasChange {
  std::string alias;
  int64_t version = 0;
  std::optional<int64_t> previous;
  std::string action;  // promote, rollback, automatic.
  std::string reason;
  std::string actor;
  int64_t sequence = 0;
  int64_t created_at = 0;
};

struct JobProgress {
  double done = 0;
  double total = 0;  // 0: unknown.
  std::string unit;
};

struct Job {
  int64_t id = 0;
  std::optional<int64_t> project_id;
  std::string kind;
  JobState state = JobState::queued;
  Json params = Json::object();
  std::optional<std::string> unique_key;
  int64_t attempts = 0;
  int64_t max_attempts = 1;
  int64_t run_at = 0;
  std::optional<std::string> claimed_by;
  std::optional<int64_t> lease_until;
  bool cancel_requested = false;
  std::optional<JobProgress> progress;
  Json result;
  std::optional<std::string> error;
  std::string actor;
  int64_t created_at = 0;
  std::optional<int64_t> started_at;
  std::optional<int64_t> finished_at;
};

// One link of the ledger. hash = SHA-256 of canonical JSON of all the other fields.
struct Event {
  int64_t sequence = 0;
  std::string kind;
  std::optional<std::string> project;
  std::string actor;
  Json data = Json::object();
  int64_t created_at = 0;
  std::string previous_hash;
  std::string hash;
};

struct User {
  int64_t id = 0;
  std::string name;
  Role role = Role::annotator;
  int64_t created_at = 0;
};

struct UserSession {
  User user;
  std::string csrf_token;
  int64_t expires_at = 0;
};

struct Token {
  int64_t id = 0;
  std::string name;
  Role role = Role::annotator;
  int64_t created_at = 0;
  std::optional<int64_t> revoked_at;
};

// How far the import of one file has come; committed in the transaction of the rows it counts.
struct Import {
  int64_t id = 0;
  int64_t project_id = 0;
  std::string source;
  int64_t size = 0;
  int64_t mtime = 0;
  std::string head_hash;  // SHA-256 of the file's first bytes.
  int64_t rows_done = 0;
  int64_t accepted = 0;
  int64_t duplicates = 0;
  int64_t rejected = 0;
  bool finished = false;
  bool add_classes = false;  // Labels that are no class yet become classes.
};

// The label of one example as training and measuring see it.
struct Labelled {
  int64_t example_id = 0;
  int64_t row = 0;
  std::string label;
  bool audit = false;
};

// One step of a list: what to ask for next, or nothing when it ends.
template <class T>
struct Page {
  std::vector<T> items;
  std::optional<int64_t> next;
};

}  // namespace querist
