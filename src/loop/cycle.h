// The heart of the product: one turn of the loop, moved a step at a time.
#pragma once

#include "loop/workshop.h"

namespace querist::loop {

// Each step stores its results and the new state in one transaction, so a crash repeats a step and
// never skips one. Returns the cycle in its next state. Call with the workshop's mutex held.
Cycle advance(Cycle cycle, Workshop& workshop, const Progress& progress);

// Moves the project's loop until it waits for labels or has nothing left to do; begins a cycle when
// none is open.
// at_once: does not wait for the open batch, whose items stay open.
Cycle turn(Workshop& workshop, const Progress& progress, bool at_once = false);

// The steps, each in a file of its own.
Cycle train(Cycle cycle, Workshop& workshop, const Progress& progress);
Cycle select(Cycle cycle, Workshop& workshop, const Progress& progress);

// Whether the cycle's model reads the features that there are now; if not, the cycle goes back to
// training.
bool reads_present_features(const Cycle& cycle, Workshop& workshop);
Cycle train_again(Cycle cycle, Workshop& workshop);

// Chooses as the selection was chosen, from the store as of its event, and says whether the same
// rows come out.
struct Replay {
  bool identical = false;
  std::vector<int64_t> rows;         // As chosen now, in order.
  std::vector<int64_t> example_ids;  // Of those rows.
};
Replay replay(Workshop& workshop, const StoredSelection& selection, const Progress& progress);

}  // namespace querist::loop
