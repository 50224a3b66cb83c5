// Background work: look at it, cancel it.
#include "storage/jobs.h"

#include "api/app.h"
#include "api/response.h"
#include "api/route.h"
#include "api/shapes.h"
#include "jobs/queue.h"
#include "storage/projects.h"

namespace querist::api::resources {

static Response list_jobs(App& app, const Request& request) {
  storage::JobQuery query{.after = request.maybe_after(), .limit = request.limit()};
  if (const std::string* name = request.query_text("project"))
    query.project_id = storage::project(app.store, *name).id;
  if (const std::string* state = request.query_text("state"))
    query.state = from_word<JobState>(*state, "?state=");
  return ok(list_json(storage::jobs(app.store, query), job_json));
}

static Response show_job(App& app, const Request& request) {
  return ok(job_json(querist::jobs::job(app.store, request.number_id("job"))));
}

static Response cancel_job(App& app, const Request& request) {
  return ok(
      job_json(querist::jobs::cancel(app.store, request.number_id("job"), request.who().name)));
}

Routes jobs() {
  using enum FieldType;
  return {
      {.pattern = "GET /api/v1/jobs",
       .role = Role::annotator,
       .handler = list_jobs,
       .summary = "List jobs, newest first.",
       .response = job_fields(),
       .query =
           page_query({{"project", text, "Of one project."}, {"state", text, "In one state."}}),
       .is_list = true},
      {.pattern = "GET /api/v1/jobs/{job}",
       .role = Role::annotator,
       .handler = show_job,
       .summary = "Show a job.",
       .response = job_fields()},
      {.pattern = "POST /api/v1/jobs/{job}/cancel",
       .role = Role::engineer,
       .handler = cancel_job,
       .summary = "Cancel a job: at once when it is queued, at its next look when it runs.",
       .response = job_fields()},
  };
}

}  // namespace querist::api::resources
