// The guard in a project: what it has counted, carried from selection to selection.
#pragma once

#include "loop/guard.h"
#include "loop/workshop.h"

namespace querist::loop {

struct ProjectGuard {
  bool watched = false;  // Whether there is anything to watch.
  std::string strategy;  // The project's own expression.
  GuardState state;
  GuardTurn turn = GuardTurn::none;  // That this round brought.
  int64_t looked_at = 0;             // The event as of which the models of the next look are.
  int64_t rounds = 0;                // Since then.

  double random_share() const { return state.raised ? guard_random_share : 0; }
};

// The guard as of the event: carried on from the newest selection, with a look where one is due.
// Begins anew where the strategy is another. Not watched: the setting is off, the strategy is none
// to guard, or the audit labels are trained on.
ProjectGuard watch_project(Workshop& workshop, const Project& project, int64_t through_event,
                           const storage::FeatureView& view, const Progress& progress);

// Puts it into the selection, where the next one finds it.
void store_guard(const ProjectGuard& guard, StoredSelection& selection);

// The event of a turn, if it brought one. Call it in the transaction of the selection.
void record_turn(storage::Store& store, const Project& project, const ProjectGuard& guard);

// What progress says of it (docs/http.md).
Json guard_report(storage::Store& store, const Project& project);

}  // namespace querist::loop
