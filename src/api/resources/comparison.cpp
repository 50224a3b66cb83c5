// Two model versions on the same audit examples.
#include "loop/comparison.h"

#include "api/app.h"
#include "api/response.h"
#include "api/route.h"
#include "storage/projects.h"

namespace querist::api::resources {

static Response compare(App& app, const Request& request) {
  const Project project = storage::project(app.store, request.id("project"));
  if (!request.query_text("against")) refuse("say which version it is compared with: ?against=3");
  return ok(loop::comparison(app.workshops.of(project.id), request.number_id("version"),
                             request.query_integer("against", 0, 1, INT64_MAX), Progress()));
}

Routes comparison() {
  using enum FieldType;
  return {{.pattern = "GET /api/v1/projects/{project}/models/{version}/comparison",
           .role = Role::reviewer,
           .handler = compare,
           .summary =
               "Two versions on the same audit examples: paired bootstrap and McNemar's test of "
               "their accuracy, and the difference of their log losses.",
           .response = {{"version", integer},
                        {"against", integer},
                        {"audit_labels", integer},
                        {"accuracy", object},
                        {"against_accuracy", object},
                        {"only_right", integer},
                        {"only_against_right", integer},
                        {"difference", object},
                        {"p_value", number},
                        {"test", text, "mcnemar_exact, or sign_flip_groups where rows share one."},
                        {"log_loss", number},
                        {"against_log_loss", number},
                        {"log_loss_difference", object},
                        {"sentence", text}},
           .query = {{"against", integer, "The version it is compared with.", true}}}};
}

}  // namespace querist::api::resources
