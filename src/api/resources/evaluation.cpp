// How a version stands up beyond its metrics: each part is computed when it is asked for.
#include "api/app.h"
#include "api/response.h"
#include "api/route.h"
#include "loop/out_of_distribution.h"
#include "loop/robustness.h"
#include "storage/projects.h"

namespace querist::api::resources {

// The name of a part in ?parts=, and what computes it.
struct Part {
  std::string_view name;
  Json (*report)(loop::Workshop& workshop, int64_t version, const Progress& progress);
};
static constexpr Part known_parts[] = {{"robustness", loop::robustness_report},
                                       {"out_of_distribution", loop::ood_report}};

static Response show(App& app, const Request& request) {
  const Project project = storage::project(app.store, request.id("project"));
  const std::string* parts = request.query_text("parts");
  if (!parts || parts->empty())
    refuse("name the parts to compute: ?parts=robustness,out_of_distribution");
  const int64_t version = request.query_integer("version", 0, 0, INT64_MAX);
  loop::Workshop& workshop = app.workshops.of(project.id);
  Json report = {{"project", project.name}};
  for (size_t begin = 0; begin <= parts->size();) {
    const size_t end = std::min(parts->find(',', begin), parts->size());
    const std::string name = parts->substr(begin, end - begin);
    const auto* part = std::find_if(std::begin(known_parts), std::end(known_parts),
                                    [&](const Part& one) { return one.name == name; });
    if (part == std::end(known_parts))
      refuse("there is no part \"{}\": robustness and out_of_distribution are known", name);
    report[name] = part->report(workshop, version, Progress());
    begin = end + 1;
  }
  return ok(report);
}

Routes evaluation() {
  using enum FieldType;
  return {{.pattern = "GET /api/v1/projects/{project}/evaluation",
           .role = Role::engineer,
           .handler = show,
           .summary = "Robustness and out-of-distribution reports of a version; computed on "
                      "request, which may take as long as some trainings.",
           .response = {{"project", text}, {"robustness", object}, {"out_of_distribution", object}},
           .query = {{"parts", text, "Comma-separated: robustness, out_of_distribution.", true},
                     {"version", integer, "Of the model; the newest unless given."}}}};
}

}  // namespace querist::api::resources
