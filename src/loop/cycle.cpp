// The cycle's one switch.
#include "loop/cycle.h"

#include <algorithm>

#include "storage/annotations.h"
#include "storage/cycles.h"
#include "storage/models.h"
#include "storage/projects.h"
#include "storage/selections.h"

namespace querist::loop {

static Cycle moved(Cycle cycle, CycleState state, Workshop& workshop) {
  cycle.state = state;
  storage::save_cycle(workshop.store(), cycle, "querist");
  return cycle;
}

// An import or a changed setting may have fitted the featurizer anew since the model was trained.
bool reads_present_features(const Cycle& cycle, Workshop& workshop) {
  return !cycle.model_version || workshop.newest_model().version == *cycle.model_version;
}

Cycle train_again(Cycle cycle, Workshop& workshop) {
  cycle.model_version = std::nullopt;
  return moved(cycle, CycleState::training, workshop);
}

// Scores live in memory only: after a crash the selecting step makes them again.
static Cycle score(const Cycle& cycle, Workshop& workshop, const Progress& progress) {
  const auto view = workshop.features(progress);
  if (!reads_present_features(cycle, workshop)) return train_again(cycle, workshop);
  if (cycle.model_version) workshop.probabilities(workshop.newest_model(), view);
  return moved(cycle, CycleState::selecting, workshop);
}

// A server that has just started knows no scores yet; people who browse want to see what the model
// says.
static void warm_scores(const Cycle& cycle, Workshop& workshop, const Progress& progress) {
  if (!cycle.model_version || workshop.newest_scores()) return;
  const auto view = workshop.features(progress);
  if (const auto model = workshop.newest_model(); model.model) workshop.probabilities(model, view);
}

static Cycle await_labels(const Cycle& cycle, Workshop& workshop, const Progress& progress) {
  warm_scores(cycle, workshop, progress);
  const auto selection =
      storage::find_selection(workshop.store(), workshop.project_id(), *cycle.selection_id);
  const Project project = storage::project(workshop.store(), workshop.project_id());
  if (selection) {
    // A batch of one counts as running low only once it is answered, else it would never be asked.
    const auto few =
        std::min(storage::lookahead(project), static_cast<int64_t>(selection->items.size()) - 1);
    if (selection->remaining > few) return cycle;
  }
  return moved(cycle, CycleState::finished, workshop);
}

Cycle advance(Cycle cycle, Workshop& workshop, const Progress& progress) {
  switch (cycle.state) {
    case CycleState::training:
      return train(cycle, workshop, progress);  // labels -> model version
    case CycleState::scoring:
      return score(cycle, workshop, progress);  // model version -> scores
    case CycleState::selecting:
      return select(cycle, workshop, progress);  // scores -> selection
    case CycleState::awaiting_labels:
      return await_labels(cycle, workshop, progress);  // enough labels -> finished
    case CycleState::finished:
      return cycle;
  }
  fail(Code::internal, "cycle {} is in no known state", cycle.id);
}

// The pool was used up, nothing came since, and the newest model has seen every label.
static bool has_nothing_to_do(const Cycle& cycle, Workshop& workshop) {
  if (cycle.state != CycleState::finished || cycle.selection_id) return false;
  storage::Store& store = workshop.store();
  if (storage::project(store, workshop.project_id()).counts.unlabeled > 0) return false;
  const auto newest = storage::latest_model(store, workshop.project_id());
  const auto labels = storage::labels(store, workshop.project_id(), storage::LabelUse::training);
  return newest ? newest->label_hash == storage::hash_of_labels(labels) : labels.empty();
}

Cycle turn(Workshop& workshop, const Progress& progress, bool at_once) {
  auto cycle = storage::latest_cycle(workshop.store(), workshop.project_id());
  if (at_once && cycle && cycle->state == CycleState::awaiting_labels) {
    cycle = moved(*cycle, CycleState::finished, workshop);
  }
  if (cycle && !at_once && has_nothing_to_do(*cycle, workshop)) return *cycle;
  bool moved_on = false;
  for (;;) {
    progress.check();
    if (!cycle || cycle->state == CycleState::finished) {
      if (cycle && moved_on && !cycle->selection_id) return *cycle;  // Nothing is left to choose.
      cycle = storage::add_cycle(workshop.store(), workshop.project_id(), "querist");
    }
    const CycleState before = cycle->state;
    cycle = advance(*cycle, workshop, progress);
    if (cycle->state == before) return *cycle;  // It waits for labels.
    moved_on = true;
  }
}

}  // namespace querist::loop
