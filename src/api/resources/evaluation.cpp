// The parts of an evaluation that are computed when asked for: slices, groups, leakage.
#include "loop/evaluation_report.h"

#include "api/app.h"
#include "api/response.h"
#include "api/route.h"
#include "base/error.h"
#include "storage/projects.h"

namespace querist::api::resources {

static Response show(App& app, const Request& request) {
  const Project project = storage::project(app.store, request.id("project"));
  loop::EvaluationWishes wishes;
  const std::string* parts = request.query_text("parts");
  for (const std::string& part : loop::column_names(parts ? *parts : "slices")) {
    if (part != "slices" && part != "groups" && part != "leakage")
      refuse("?parts= takes slices, groups and leakage, comma-separated, not \"{}\"", part);
    wishes.parts.insert(part);
  }
  if (const std::string* loss = request.query_text("loss"); loss && *loss != "error") {
    if (*loss != "log_loss") refuse("?loss= must be error or log_loss, not \"{}\"", *loss);
    wishes.loss = loop::SliceLoss::log_loss;
  }
  if (const std::string* columns = request.query_text("groups"))
    wishes.group_columns = loop::column_names(*columns);
  return ok(loop::evaluation_report(app.workshops.of(project.id), project, wishes, Progress()));
}

Routes evaluation() {
  using enum FieldType;
  return {{.pattern = "GET /api/v1/projects/{project}/evaluation",
           .role = Role::reviewer,
           .handler = show,
           .summary =
               "Where the newest model is worse, whether it treats groups alike, and whether "
               "audit rows are known to the training rows; computed when asked for.",
           .response = {{"model_version", integer},
                        {"audit_labels", integer},
                        {"slices", object},
                        {"groups", list},
                        {"rounds", list},
                        {"leakage", object},
                        {"reason", text}},
           .query = {{"parts", text}, {"loss", text}, {"groups", text}}}};
}

}  // namespace querist::api::resources
