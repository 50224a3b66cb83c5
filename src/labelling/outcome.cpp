// Majority of the answers that count; a tie goes to the label that was given first.
#include "labelling/outcome.h"

#include <algorithm>
#include <set>

#include "storage/annotations.h"
#include "storage/leases.h"
#include "storage/selections.h"

namespace querist::labelling {

using storage::Store;

static std::optional<std::string> majority(const std::vector<Annotation>& answers) {
  std::optional<std::string> best;
  int64_t best_votes = 0;
  for (const Annotation& answer :
       answers) {  // Oldest first, so that an equal count later does not win.
    if (!answer.value) continue;
    const int64_t votes =
        std::count_if(answers.begin(), answers.end(),
                      [&](const Annotation& other) { return other.value == answer.value; });
    if (votes <= best_votes) continue;
    best = answer.value;
    best_votes = votes;
  }
  return best;
}

std::vector<int64_t> settle(Store& store, const Project& project, int64_t example_id,
                            int64_t sequence) {
  const auto answers = storage::live_annotations(store, example_id);
  const auto given = static_cast<int64_t>(answers.size());
  const int64_t overlap = project.settings.integer("overlap");
  if (given >= overlap) {  // It keeps its label while one more answer is awaited.
    const auto label = majority(answers);
    storage::set_example_state(
        store, example_id, label ? ExampleState::labeled : ExampleState::skipped, label, sequence);
  } else {
    const bool held = !storage::leases_of_example(store, example_id).empty();
    storage::set_example_state(store, example_id,
                               held ? ExampleState::leased : ExampleState::unlabeled, std::nullopt,
                               sequence);
  }
  const bool done = given >= overlap + storage::times_asked_again(store, example_id);
  return storage::set_items_done(store, example_id, done);
}

bool room_for(Store& store, const Project& project, int64_t example_id,
              const std::string& annotator) {
  std::set<std::string> others;
  for (const Annotation& answer : storage::live_annotations(store, example_id))
    others.insert(answer.annotator);
  for (const Lease& lease : storage::leases_of_example(store, example_id))
    others.insert(lease.annotator);
  others.erase(annotator);
  return static_cast<int64_t>(others.size()) <
         project.settings.integer("overlap") + storage::times_asked_again(store, example_id);
}

}  // namespace querist::labelling
