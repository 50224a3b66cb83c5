// Where a project stands: curve, audited metrics, stop advice, cost.
#include "api/app.h"
#include "api/response.h"
#include "api/route.h"
#include "loop/progress_report.h"
#include "storage/projects.h"

namespace querist::api::resources {

static Response show(App& app, const Request& request) {
  return ok(loop::progress_report(app.store, storage::project(app.store, request.id("project"))));
}

Routes progress() {
  using enum FieldType;
  return {{.pattern = "GET /api/v1/projects/{project}/progress",
           .role = Role::annotator,
           .handler = show,
           .summary = "Learning curve, audited metrics with intervals, stop advice and cost.",
           .response = {{"project", text},
                        {"counts", object},
                        {"class_counts", list},
                        {"curve", list},
                        {"metrics", object},
                        {"audit_note", text},
                        {"slices", object},
                        {"groups", list},
                        {"stop", object},
                        {"labels_saved", object},
                        {"labels_saved_reason", text},
                        {"guard", object},
                        {"cost", object},
                        {"cycle", object},
                        {"model", object}}}};
}

}  // namespace querist::api::resources
