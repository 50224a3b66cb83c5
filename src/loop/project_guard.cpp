// Reads which labels were chosen, and which audit labels no look has seen yet.
#include "loop/project_guard.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "loop/numbered_labels.h"
#include "loop/project_learner.h"
#include "loop/signals.h"
#include "storage/annotations.h"
#include "storage/events.h"
#include "storage/selections.h"

namespace querist::loop {

static std::string unwatched_reason(const Project& project) {
  if (!project.settings.flag("guard")) return "the setting guard is off";
  if (project.finalised) return "the project is finalised: its audit labels are trained on";
  if (project.settings.number("audit_share") <= 0)
    return "no audit labels are drawn: the setting audit_share is 0";
  if (!is_guarded(project.settings.text("strategy")))
    return fmt::format("the strategy {} is not one to compare with random",
                       project.settings.text("strategy"));
  return {};
}

static ProjectGuard carried(storage::Store& store, const Project& project, int64_t through_event) {
  ProjectGuard guard;
  guard.watched = true;
  guard.strategy = project.settings.text("strategy");
  guard.looked_at = through_event;
  const auto newest = storage::latest_selection(store, project.id);
  if (!newest || !newest->data.contains("guard")) return guard;
  const Json& then = newest->data["guard"];
  if (then.at("strategy") != guard.strategy) return guard;
  guard.state = guard_of(then);
  guard.looked_at = then.at("looked_at");
  guard.rounds = then.at("rounds").get<int64_t>() + 1;
  return guard;
}

// Labels of the last look, by who chose them.
struct Bought {
  NumberedLabels trained_on;
  std::vector<int64_t> order;
  std::vector<uint8_t> chosen;
};

static Bought bought(storage::Store& store, const Project& project, int64_t looked_at,
                     int64_t rows) {
  Bought out;
  out.trained_on =
      numbered(storage::labels_as_of(store, project.id, storage::LabelUse::training, looked_at),
               project.classes, rows);
  std::unordered_set<int64_t> random_rows;
  for (const StoredSelection& selection : storage::selection_heads(store, project.id)) {
    if (!selection.data.contains("random_rows")) continue;
    for (const Json& row : selection.data["random_rows"]) random_rows.insert(row.get<int64_t>());
  }
  std::unordered_map<int64_t, storage::AcquiredLabel> acquired;
  for (auto& label : storage::labels_in_order(store, project.id))
    acquired.emplace(label.row, std::move(label));
  for (const int64_t row : out.trained_on.rows) {
    const auto found = acquired.find(row);
    const bool known = found != acquired.end();
    out.order.push_back(known ? found->second.sequence : 0);
    out.chosen.push_back(!random_rows.contains(row));
  }
  return out;
}

// Audit labels that came after the look; one that was there before and was changed or taken back
// and given again has been judged already.
static std::vector<Labelled> new_audit_labels(storage::Store& store, const Project& project,
                                              int64_t looked_at, int64_t through_event) {
  const auto before = storage::labels_as_of(store, project.id, storage::LabelUse::audit, looked_at);
  std::unordered_set<int64_t> known;
  for (const Labelled& label : before) known.insert(label.example_id);
  auto labels = storage::labels_as_of(store, project.id, storage::LabelUse::audit, through_event);
  std::erase_if(labels, [&](const Labelled& label) {
    if (known.contains(label.example_id)) return true;
    const auto history = storage::label_history(store, project.id, label.example_id);
    return std::any_of(history.begin(), history.end(), [&](const storage::LabelChange& change) {
      return change.label && change.sequence <= looked_at;
    });
  });
  return labels;
}

static GuardLook look_at(Workshop& workshop, const Project& project, int64_t looked_at,
                         const std::vector<Labelled>& fresh, const storage::FeatureView& view,
                         const Progress& progress) {
  const auto rows = static_cast<int64_t>(view.rows);
  const Bought labels = bought(workshop.store(), project, looked_at, rows);
  const NumberedLabels audit = numbered(
      storage::labels_as_of(workshop.store(), project.id, storage::LabelUse::audit, looked_at),
      project.classes, rows);
  const NumberedLabels judges = numbered(fresh, project.classes, rows);
  const auto learner = project_learner(workshop.store(), project);
  return guard_look(*learner.card, learner.params,
                    {.features = view.features,
                     .rows = labels.trained_on.rows,
                     .labels = labels.trained_on.ids,
                     .order = labels.order,
                     .chosen = labels.chosen,
                     .audit_rows = audit.rows,
                     .audit_labels = audit.ids,
                     .new_rows = judges.rows,
                     .new_labels = judges.ids,
                     .classes = project.classes.size(),
                     .balanced = project.settings.text("target_metric") == "balanced_accuracy"},
                    mix_seed(static_cast<uint64_t>(project.settings.integer("seed")),
                             static_cast<uint64_t>(looked_at)),
                    progress);
}

ProjectGuard watch_project(Workshop& workshop, const Project& project, int64_t through_event,
                           const storage::FeatureView& view, const Progress& progress) {
  storage::Store& store = workshop.store();
  if (!unwatched_reason(project).empty()) return {};
  ProjectGuard guard = carried(store, project, through_event);
  if (guard.rounds < guard_rounds) return guard;
  const auto fresh = new_audit_labels(store, project, guard.looked_at, through_event);
  if (fresh.size() < guard_labels) return guard;
  guard.turn =
      take(guard.state, look_at(workshop, project, guard.looked_at, fresh, view, progress));
  guard.looked_at = through_event;
  guard.rounds = 0;
  return guard;
}

void store_guard(const ProjectGuard& guard, StoredSelection& selection) {
  if (!guard.watched) return;
  selection.data["guard"] = guard_json(guard.state);
  selection.data["guard"]["strategy"] = guard.strategy;
  selection.data["guard"]["looked_at"] = guard.looked_at;
  selection.data["guard"]["rounds"] = guard.rounds;
}

void record_turn(storage::Store& store, const Project& project, const ProjectGuard& guard) {
  if (guard.turn == GuardTurn::none) return;
  const bool raised = guard.turn == GuardTurn::raised;
  storage::record(store, raised ? "guard_raised" : "guard_ended", project.id, "querist",
                  {{"strategy", guard.strategy},
                   {"random_share", guard.random_share()},
                   {"reason", raised ? "the chosen labels taught less than random ones"
                                     : "the chosen labels teach more than random ones again"}});
}

Json guard_report(storage::Store& store, const Project& project) {
  const std::string reason = unwatched_reason(project);
  Json report = {{"watched", reason.empty()}, {"raised", false}};
  if (!reason.empty()) {
    report["sentence"] = fmt::format("Not watched: {}.", reason);
    return report;
  }
  const GuardState state = carried(store, project, 0).state;
  report["raised"] = state.raised;
  report["random_share"] = state.raised ? guard_random_share : 0;
  report["judged"] = state.judged;
  report["only_random"] = state.only_random;
  report["only_chosen"] = state.only_chosen;
  report["sentence"] = guard_sentence(state);
  return report;
}

}  // namespace querist::loop
