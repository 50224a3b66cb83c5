// The parts of an evaluation that are computed when asked for: slices, groups, leakage, robustness,
// out-of-distribution scores.
#include "loop/evaluation_report.h"

#include "api/app.h"
#include "api/response.h"
#include "api/route.h"
#include "base/error.h"
#include "loop/out_of_distribution.h"
#include "loop/robustness.h"
#include "storage/projects.h"

namespace querist::api::resources {

// Parts that look at one version, and what computes them.
struct VersionPart {
  std::string_view name;
  Json (*report)(loop::Workshop& workshop, int64_t version, const Progress& progress);
};
static constexpr VersionPart version_parts[] = {{"robustness", loop::robustness_report},
                                                {"out_of_distribution", loop::ood_report}};

static Response show(App& app, const Request& request) {
  const Project project = storage::project(app.store, request.id("project"));
  loop::Workshop& workshop = app.workshops.of(project.id);
  const int64_t version = request.query_integer("version", 0, 0, INT64_MAX);
  loop::EvaluationWishes wishes;
  std::vector<const VersionPart*> of_version;
  const std::string* parts = request.query_text("parts");
  for (const std::string& name : loop::column_names(parts ? *parts : "slices")) {
    const auto* part = std::find_if(std::begin(version_parts), std::end(version_parts),
                                    [&](const VersionPart& one) { return one.name == name; });
    if (part != std::end(version_parts)) {
      of_version.push_back(part);
    } else if (name == "scores" || name == "slices" || name == "groups" || name == "leakage") {
      wishes.parts.insert(name);
    } else {
      refuse(
          "there is no part \"{}\": ?parts= takes scores, slices, groups, leakage, robustness and "
          "out_of_distribution, comma-separated",
          name);
    }
  }
  if (const std::string* loss = request.query_text("loss"); loss && *loss != "error") {
    if (*loss != "log_loss") refuse("?loss= must be error or log_loss, not \"{}\"", *loss);
    wishes.loss = loop::SliceLoss::log_loss;
  }
  if (const std::string* columns = request.query_text("groups"))
    wishes.group_columns = loop::column_names(*columns);
  Json report = Json::object();
  if (!wishes.parts.empty())
    report = loop::evaluation_report(workshop, project, wishes, Progress());
  report["project"] = project.name;
  for (const VersionPart* part : of_version)
    report[std::string(part->name)] = part->report(workshop, version, Progress());
  return ok(report);
}

Routes evaluation() {
  using enum FieldType;
  return {{.pattern = "GET /api/v1/projects/{project}/evaluation",
           .role = Role::reviewer,
           .handler = show,
           .summary =
               "Where the newest model is worse, whether it treats groups alike, and whether "
               "audit rows are known to the training rows; how a version stands up to worse or "
               "foreign data. Computed when asked for, which may take as long as some trainings.",
           .response = {{"project", text},
                        {"model_version", integer},
                        {"audit_labels", integer},
                        {"scores", object},
                        {"gate", object},
                        {"slices", object},
                        {"groups", list},
                        {"rounds", list},
                        {"leakage", object},
                        {"robustness", object},
                        {"out_of_distribution", object},
                        {"reason", text}},
           .query = {{"parts", text, "Comma-separated; slices unless given."},
                     {"loss", text},
                     {"groups", text},
                     {"version", integer,
                      "Of the model that robustness and out_of_distribution look at; the newest "
                      "unless given."}}}};
}

}  // namespace querist::api::resources
