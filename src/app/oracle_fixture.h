// Answers for tests: the labels that generated examples brought along.
#pragma once

#include "labelling/annotate.h"
#include "loop/loop_fixture.h"

namespace querist::app {

// Answers up to `count` open items, in the order in which they were selected; returns how many.
inline int64_t answer(loop::Bench& bench, size_t count = 1'000'000) {
  std::vector<int64_t> ids;
  for (const auto& selection : storage::open_selections(bench.store(), bench.project().id)) {
    for (const SelectionItem& item : selection.items) {
      if (!item.done && ids.size() < count) ids.push_back(item.example_id);
    }
  }
  if (ids.empty()) return 0;
  return labelling::adopt_known_labels(bench.store(), bench.project(), ids, "oracle");
}

// Turns and answers; ends early when there is nothing left to answer.
inline void run_rounds(loop::Bench& bench, int rounds) {
  for (int round = 0; round < rounds; ++round) {
    bench.turn();
    if (answer(bench) == 0) return;
  }
}

// The rows of every selection, oldest first.
inline std::vector<std::vector<int64_t>> chosen_rows(loop::Bench& bench) {
  std::vector<std::vector<int64_t>> chosen;
  for (const auto& selection : bench.selections()) {
    auto& rows = chosen.emplace_back();
    for (const SelectionItem& item : selection.items) rows.push_back(item.row);
  }
  return chosen;
}

}  // namespace querist::app
