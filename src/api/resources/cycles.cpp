// Cycles: turn the loop now, look at turns and their selections, replay a selection.
#include "storage/cycles.h"

#include "api/app.h"
#include "api/response.h"
#include "api/route.h"
#include "api/shapes.h"
#include "jobs/queue.h"
#include "labelling/annotate.h"
#include "loop/cycle.h"
#include "storage/projects.h"
#include "storage/selections.h"

namespace querist::api::resources {

static Json selection_json(const StoredSelection& selection) {
  Json items = Json::array();
  for (const SelectionItem& item : selection.items) {
    items.push_back({{"example_id", item.example_id},
                     {"utility", or_null(item.utility)},
                     {"propensity", or_null(item.propensity)},
                     {"audit", item.audit},
                     {"relabel", item.relabel}});
  }
  const Json again = selection.data.value("relabel", Json::object());
  return {{"id", selection.id},
          {"relabel_sentence", again.value("sentence", Json())},
          {"strategy", selection.strategy},
          {"params", selection.params},
          {"seed", selection.seed},
          {"model_version", or_null(selection.model_version)},
          {"pool_size", selection.pool_size},
          {"through_event", selection.through_event},
          {"remaining", selection.remaining},
          {"items", std::move(items)}};
}

static Json cycle_json(App& app, const Cycle& cycle) {
  Json selection;
  if (cycle.selection_id) {
    const auto found = storage::find_selection(app.store, cycle.project_id, *cycle.selection_id);
    if (found) selection = selection_json(*found);
  }
  return {{"id", cycle.id},
          {"state", word(cycle.state)},
          {"model_version", or_null(cycle.model_version)},
          {"selection", std::move(selection)},
          {"created_at", time_json(cycle.created_at)},
          {"finished_at", time_json(cycle.finished_at)}};
}

static Cycle cycle_of(App& app, const Request& request, const Project& project) {
  const auto cycle = storage::find_cycle(app.store, project.id, request.number_id("cycle"));
  if (!cycle) {
    fail(Code::not_found, "the project {} has no cycle {}", project.name, request.id("cycle"));
  }
  return *cycle;
}

static Response turn_now(App& app, const Request& request) {
  const Project project = storage::project(app.store, request.id("project"));
  if (!json_flag(request.body, "at_once", true)) {
    return accepted(
        job_json(labelling::enqueue_cycle_job(app.store, project.id, request.who().name)));
  }
  jobs::NewJob job;
  job.kind = labelling::cycle_job;
  job.project_id = project.id;
  job.params = {{"at_once", true}};
  job.unique_key = fmt::format("{} at once", project.id);
  job.actor = request.who().name;
  return accepted(job_json(jobs::enqueue(app.store, job)));
}

static Response list_cycles(App& app, const Request& request) {
  const Project project = storage::project(app.store, request.id("project"));
  const auto page = storage::cycles(app.store, project.id, request.after(), request.limit());
  return ok(list_json(page, [&](const Cycle& cycle) { return cycle_json(app, cycle); }));
}

static Response show_cycle(App& app, const Request& request) {
  const Project project = storage::project(app.store, request.id("project"));
  return ok(cycle_json(app, cycle_of(app, request, project)));
}

static Response replay_cycle(App& app, const Request& request) {
  const Project project = storage::project(app.store, request.id("project"));
  const Cycle cycle = cycle_of(app, request, project);
  if (!cycle.selection_id)
    fail(Code::conflict, "cycle {} chose nothing that could be replayed", cycle.id);
  const auto selection = storage::find_selection(app.store, project.id, *cycle.selection_id);
  loop::Workshop& workshop = app.workshops.of(project.id);
  const std::lock_guard lock(workshop.mutex());
  const auto replay = loop::replay(workshop, selection.value(), Progress());
  return ok({{"identical", replay.identical}, {"example_ids", replay.example_ids}});
}

static Fields cycle_fields() {
  using enum FieldType;
  return {{"id", integer},
          {"state", text, "training, scoring, selecting, awaiting_labels or finished."},
          {"model_version", integer},
          {"selection", object, "What was chosen, with seed, scores and propensities."},
          {"created_at", time},
          {"finished_at", time}};
}

Routes cycles() {
  using enum FieldType;
  return {
      {.pattern = "POST /api/v1/projects/{project}/cycles",
       .role = Role::engineer,
       .handler = turn_now,
       .summary = "Turn the loop now, without waiting for the open batch.",
       .request = {{"at_once", flag, "False: wait for the open batch; else true."}},
       .response = job_fields(),
       .success = 202},
      {.pattern = "GET /api/v1/projects/{project}/cycles",
       .role = Role::annotator,
       .handler = list_cycles,
       .summary = "List turns of the loop, newest first.",
       .response = cycle_fields(),
       .query = page_query(),
       .is_list = true},
      {.pattern = "GET /api/v1/projects/{project}/cycles/{cycle}",
       .role = Role::annotator,
       .handler = show_cycle,
       .summary = "Show a turn with its selection.",
       .response = cycle_fields()},
      {.pattern = "POST /api/v1/projects/{project}/cycles/{cycle}/replay",
       .role = Role::engineer,
       .handler = replay_cycle,
       .summary = "Choose again as this turn chose, and say whether the same examples come out.",
       .response = {{"identical", flag}, {"example_ids", list}},
       .repeat = Repeat::never},
  };
}

}  // namespace querist::api::resources
