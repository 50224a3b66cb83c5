// Robustness: how right a model version stays when rows may be moved.
#include "loop/adversarial_robustness.h"

#include "api/app.h"
#include "api/response.h"
#include "api/route.h"
#include "storage/projects.h"

namespace querist::api::resources {

static Response measure(App& app, const Request& request) {
  const Project project = storage::project(app.store, request.id("project"));
  const auto norm = json_text(request.body, "norm", "l2");
  if (norm != "l2" && norm != "linf") refuse("norm must be l2 or linf, not \"{}\"", norm);
  const int64_t steps = json_integer(request.body, "steps", 20);
  if (steps < 1 || steps > 1000) refuse("steps must lie between 1 and 1000, not {}", steps);
  const learners::Ball ball = {.norm = norm == "l2" ? learners::Norm::l2 : learners::Norm::linf,
                               .radius = json_number(request.body, "radius"),
                               .steps = static_cast<size_t>(steps)};
  loop::Workshop& workshop = app.workshops.of(project.id);
  const std::lock_guard lock(workshop.mutex());
  return ok(loop::robustness(workshop, request.number_id("version"), ball, Progress()));
}

Routes robustness() {
  using enum FieldType;
  return {
      {.pattern = "POST /api/v1/projects/{project}/models/{version}/robustness",
       .role = Role::reviewer,
       .handler = measure,
       .summary =
           "How right a version stays on the audit labels when every row may be moved within a "
           "ball.",
       .request = {{"radius", number, "In the units of the features.", true},
                   {"norm", text, "l2, or linf."},
                   {"steps", integer, "Of the attack on a neural head; 20."}},
       .response = {{"version", integer},
                    {"method", text},
                    {"norm", text},
                    {"radius", number},
                    {"steps", integer},
                    {"audit_labels", integer},
                    {"accuracy", object},
                    {"robust_accuracy", object}}},
  };
}

}  // namespace querist::api::resources
