// Annotators for tests, who err.
#pragma once

#include <string>
#include <vector>

#include "app/oracle_fixture.h"

namespace querist::app {

struct Annotator {
  std::string name;
  double accuracy = 1;
};

// Everybody takes open items in turns and answers with their own chance of being right.
inline void answer_all(loop::Bench& bench, const std::vector<Annotator>& people, Rng& rng) {
  for (bool any = true; any;) {
    any = false;
    for (const Annotator& person : people) {
      const auto given = labelling::lease(bench.store(), bench.project(), person.name, 1);
      for (const Lease& lease : given.items) {
        any = true;
        const auto example =
            storage::find_example(bench.store(), bench.project().id, lease.example_id);
        const bool right = rng.uniform() < person.accuracy;
        const bool spam = (*example->known_label == "spam") == right;
        labelling::annotate(
            bench.store(), bench.project(),
            {.example_id = lease.example_id, .value = spam ? "spam" : "ham", .lease_id = lease.id},
            person.name);
      }
    }
  }
}

}  // namespace querist::app
