// The labels that a source brought along, taken as answers of a named annotator.
#include "labelling/annotate.h"
#include "labelling/outcome.h"
#include "storage/examples.h"
#include "storage/selections.h"

namespace querist::labelling {

using storage::Store;

static constexpr size_t batch = 500;

static bool adopt_one(Store& store, const Project& project, const Example& example,
                      const std::string& annotator) {
  if (!example.known_label || example.state == ExampleState::labeled) return false;
  if (!room_for(store, project, example.id, annotator)) return false;  // Someone is at work on it.
  annotate(store, project, {.example_id = example.id, .value = example.known_label}, annotator);
  return true;
}

static int64_t adopt_batch(Store& store, const Project& project,
                           const std::vector<Example>& examples, const std::string& annotator,
                           int64_t most) {
  return store.atomically([&] {
    int64_t adopted = 0;
    for (const Example& example : examples) {
      if (adopted < most) adopted += adopt_one(store, project, example, annotator);
    }
    return adopted;
  });
}

int64_t adopt_known_labels(Store& store, const Project& project,
                           const std::vector<int64_t>& example_ids, const std::string& annotator,
                           int64_t most) {
  int64_t adopted = 0;
  if (!example_ids.empty()) {
    for (size_t begin = 0; begin < example_ids.size(); begin += batch) {
      const size_t count = std::min(batch, example_ids.size() - begin);
      const auto ids = std::span(example_ids).subspan(begin, count);
      adopted += adopt_batch(store, project, storage::examples_by_id(store, project.id, ids),
                             annotator, most - adopted);
    }
    return adopted;
  }
  storage::ExampleQuery query{.limit = batch};
  for (;;) {
    const auto page = storage::examples(store, project.id, query);
    adopted += adopt_batch(store, project, page.items, annotator, most - adopted);
    if (!page.next) return adopted;
    query.after = *page.next;
  }
}

int64_t adopt_for_open_items(Store& store, const Project& project, const std::string& annotator,
                             int64_t most) {
  std::vector<int64_t> ids;
  for (const StoredSelection& selection : storage::open_selections(store, project.id)) {
    for (const SelectionItem& item : selection.items) {
      if (!item.done) ids.push_back(item.example_id);
    }
  }
  return ids.empty() ? 0 : adopt_known_labels(store, project, ids, annotator, most);
}

}  // namespace querist::labelling
