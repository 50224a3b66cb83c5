// Examples: fast bulk arrival without duplicates, and every way the product looks at them.
#pragma once

#include <functional>
#include <span>

#include "storage/store.h"

namespace querist::storage {

struct AddOptions {
  PayloadKind payload = PayloadKind::text;
  std::vector<std::string> columns;  // Names of Payload::cells.
  std::string label_column;          // That the labels were read from; empty: none that has a name.
  bool add_classes = false;  // A label that is no class yet becomes one; else its row is rejected.
  std::optional<int64_t> import_id;  // The import that these rows belong to …
  int64_t import_rows_done =
      0;  // … and how far its file was read with them, rows with problems included.
  int64_t import_rejected =
      0;  // Rows of the file since the last call that the format itself rejected.
};

struct RejectedExample {
  size_t index = 0;  // Within the span given.
  std::string reason;
};

struct AddResult {
  int64_t accepted = 0;
  int64_t duplicates = 0;
  std::vector<RejectedExample> rejected;
};

inline constexpr size_t add_batch = 10'000;  // A good number of rows for one call of add_examples.

// Stores a batch in one transaction with one event. Throws conflict when the project holds another
// kind of payload or other columns; a row's own fault rejects that row only, and so does a known
// label that contradicts the one of a row that is there already.
AddResult add_examples(Store& store, int64_t project_id, const AddOptions& options,
                       std::span<const NewExample> examples, const std::string& actor);

struct ExampleQuery {
  std::optional<ExampleState> state;
  std::optional<std::string> label;
  std::string q;      // Found anywhere in the payload's text, letters' case aside (ASCII).
  int64_t after = 0;  // Page::next of the page before.
  size_t limit = 50;  // At most 1,000.
};
Page<Example> examples(Store& store, int64_t project_id, const ExampleQuery& query);

std::optional<Example> find_example(Store& store, int64_t project_id, int64_t id);
Example example(Store& store, int64_t project_id, int64_t id);  // Throws not_found.
std::optional<Example> find_example_by_external_id(Store& store, int64_t project_id,
                                                   std::string_view external_id);
std::optional<Example> find_example_by_row(Store& store, int64_t project_id, int64_t row);
// In the order of the ids; ids of other projects or of nothing throw not_found.
std::vector<Example> examples_by_id(Store& store, int64_t project_id, std::span<const int64_t> ids);

std::vector<int64_t> ids_of_rows(Store& store, int64_t project_id, std::span<const int64_t> rows);
std::vector<int64_t> rows_of_ids(Store& store, int64_t project_id, std::span<const int64_t> ids);

// Payloads of rows [begin, end), batch by batch in order; images and embeddings come with their
// bytes and numbers. No snapshot is held while `receive` runs.
void each_payload(Store& store, int64_t project_id, int64_t begin, int64_t end, size_t batch,
                  const std::function<void(int64_t first_row, std::span<const Payload>)>& receive);
std::vector<Payload> payloads(Store& store, int64_t project_id, std::span<const int64_t> rows);

// The texts of a whole column of examples, one a row in row order; absent ones empty.
enum class Field { external_id, known_label, group, time, split };
std::vector<std::string> field_of_rows(Store& store, int64_t project_id, Field field);

// Ascending rows that a strategy may choose from: unlabeled and not yet in an open selection.
std::vector<int64_t> candidate_rows(Store& store, int64_t project_id);

// Ascending rows in a state.
std::vector<int64_t> rows_in_state(Store& store, int64_t project_id, ExampleState state);

}  // namespace querist::storage
