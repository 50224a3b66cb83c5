// Leases: take work, keep it, give it back.
#include "storage/leases.h"

#include "api/annotator.h"
#include "api/app.h"
#include "api/response.h"
#include "api/route.h"
#include "api/shapes.h"
#include "base/clock.h"
#include "storage/examples.h"
#include "storage/projects.h"

namespace querist::api::resources {

// Where nothing is selected yet, the first selection is drawn at once; else the loop is made due
// and draws the next.
static labelling::LeaseAnswer lease(App& app, const Request& request, const Project& project,
                                    const std::string& annotator, size_t count) {
  labelling::LeaseAnswer answer = labelling::lease(app.store, project, annotator, count);
  if (!answer.needs_selection) return answer;
  if (!app.loop.draw_selection) {
    labelling::enqueue_cycle_job(app.store, project.id, request.who().name);
    return answer;
  }
  app.loop.draw_selection(project, request.who().name);
  return labelling::lease(app.store, project, annotator, count);
}

static Response take(App& app, const Request& request) {
  const Project project = storage::project(app.store, request.id("project"));
  const int64_t count = json_integer(request.body, "count", 1);
  if (count < 1 || count > static_cast<int64_t>(labelling::max_lease)) {
    refuse("the field \"count\" must lie between 1 and {}, not {}", labelling::max_lease, count);
  }
  const std::string annotator = named_annotator(request);
  const labelling::LeaseAnswer answer =
      lease(app, request, project, annotator, static_cast<size_t>(count));
  std::vector<int64_t> ids;
  for (const Lease& item : answer.items) ids.push_back(item.example_id);
  const std::vector<Example> examples = storage::examples_by_id(app.store, project.id, ids);
  Json items = Json::array();
  for (size_t i = 0; i < examples.size(); ++i)
    items.push_back(lease_json(answer.items[i], examples[i], project));
  return ok({{"items", std::move(items)},
             {"reason", or_null(answer.reason)},
             {"remaining", answer.remaining}});
}

static Response keep(App& app, const Request& request) {
  const Project project = storage::project(app.store, request.id("project"));
  const int64_t id = request.number_id("lease");
  const Lease lease = labelling::heartbeat(
      app.store, project, id, annotator_of_lease(app.store, project, id, request.who()));
  return ok({{"lease_id", lease.id}, {"expires_at", rfc3339(lease.expires_at)}});
}

static Response give_back(App& app, const Request& request) {
  const Project project = storage::project(app.store, request.id("project"));
  const int64_t id = request.number_id("lease");
  labelling::give_back(app.store, project, id,
                       annotator_of_lease(app.store, project, id, request.who()));
  return no_content();
}

Routes leases() {
  using enum FieldType;
  return {
      {.pattern = "POST /api/v1/projects/{project}/leases",
       .role = Role::annotator,
       .handler = take,
       .summary = "Take examples to label; those already held come first.",
       .request = {{"count", integer, "1 to 100; else 1."},
                   {"annotator", text, "For whom; an engineer may name anyone."}},
       .response = {{"items", list,
                     "Leases: {lease_id, example, selection_id, expires_at, suggestion, "
                     "suggestion_shown, audit}.",
                     true},
                    {"reason", text, "Why there are fewer than asked for."},
                    {"remaining", integer, "Items of open selections without their answers.",
                     true}},
       .repeat = Repeat::kept_after},
      {.pattern = "POST /api/v1/projects/{project}/leases/{lease}/heartbeat",
       .role = Role::annotator,
       .handler = keep,
       .summary = "Keep a lease.",
       .response = {{"lease_id", integer, "", true}, {"expires_at", time, "", true}}},
      {.pattern = "DELETE /api/v1/projects/{project}/leases/{lease}",
       .role = Role::annotator,
       .handler = give_back,
       .summary = "Give a lease back.",
       .success = 204},
  };
}

}  // namespace querist::api::resources
