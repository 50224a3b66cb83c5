// The rows of the settings there are.
#include "api/app.h"
#include "api/response.h"
#include "api/route.h"
#include "api/shapes.h"
#include "data/project_settings.h"

namespace querist::api::resources {

static Response list_project_settings(App&, const Request&) {
  Json items = Json::array();
  for (const ParamSpec& spec : project_settings()) items.push_back(param_json(spec));
  return ok({{"items", std::move(items)}, {"next", nullptr}});
}

Routes settings() {
  return {
      {.pattern = "GET /api/v1/settings/project",
       .role = Role::annotator,
       .handler = list_project_settings,
       .summary = "The settings of a project, one self-describing row each.",
       .response = param_fields(),
       .is_list = true},
  };
}

}  // namespace querist::api::resources
