// Reads rows and puts them into words and numbers; computes nothing that a model is needed for.
#include "loop/progress_report.h"

#include "base/clock.h"
#include "loop/project_guard.h"
#include "loop/project_labels_saved.h"
#include "loop/project_learner.h"
#include "loop/stop_report.h"
#include "storage/annotations.h"
#include "storage/cycles.h"
#include "storage/models.h"
#include "storage/selections.h"

namespace querist::loop {

static Json counts_json(const Project& project) {
  const Counts& c = project.counts;
  return {{"examples", c.examples}, {"labeled", c.labeled}, {"unlabeled", c.unlabeled},
          {"leased", c.leased},     {"skipped", c.skipped}, {"audit", c.audit}};
}

static Json class_counts_json(storage::Store& store, const Project& project) {
  const auto counts = storage::class_counts(store, project.id, storage::LabelUse::all);
  Json rows = Json::array();
  for (size_t c = 0; c < project.classes.size(); ++c)
    rows.push_back({{"class", project.classes[c]}, {"labels", counts[c]}});
  return rows;
}

static Json curve_json(const std::vector<ModelVersion>& models) {
  Json points = Json::array();
  for (const ModelVersion& model : models) {
    Json point = {{"labels", model.labels},
                  {"model_version", model.version},
                  {"audit_labels", 0},
                  {"accuracy", nullptr},
                  {"ci_low", nullptr},
                  {"ci_high", nullptr},
                  {"balanced_accuracy", nullptr},
                  {"created_at", rfc3339(model.created_at)}};
    if (model.metrics.is_object()) {
      point["audit_labels"] = model.metrics["audit_labels"];
      point["accuracy"] = model.metrics["accuracy"]["value"];
      point["ci_low"] = model.metrics["accuracy"]["ci_low"];
      point["ci_high"] = model.metrics["accuracy"]["ci_high"];
      point["balanced_accuracy"] = model.metrics["balanced_accuracy"]["value"];
    }
    points.push_back(point);
  }
  return points;
}

static double quantile(const std::vector<double>& sorted, double share) {
  return sorted[static_cast<size_t>(share * static_cast<double>(sorted.size() - 1))];
}

static Json cost_json(storage::Store& store, const Project& project) {
  const auto seconds = storage::answer_seconds(store, project.id);
  const double given = project.settings.number("seconds_per_label");
  double total = given * static_cast<double>(project.counts.labeled);
  Json cost = {{"median_seconds", nullptr}, {"low_quartile", nullptr}, {"high_quartile", nullptr}};
  if (!seconds.empty()) {
    cost = {{"median_seconds", quantile(seconds, 0.5)},
            {"low_quartile", quantile(seconds, 0.25)},
            {"high_quartile", quantile(seconds, 0.75)}};
    if (given == 0) {
      total = 0;
      for (const double s : seconds) total += s;
    }
  }
  const bool known = given > 0 || !seconds.empty();
  const double per_hour = project.settings.number("cost_per_hour");
  cost["total_seconds"] = known ? Json(total) : Json(nullptr);
  cost["total_cost"] = known && per_hour > 0 ? Json(total / 3600 * per_hour) : Json(nullptr);
  return cost;
}

static Json cycle_json(storage::Store& store, const Project& project) {
  const auto cycle = storage::latest_cycle(store, project.id);
  if (!cycle) return nullptr;
  Json json = {{"id", cycle->id},
               {"state", word(cycle->state)},
               {"model_version", nullptr},
               {"remaining", nullptr}};
  if (cycle->model_version) json["model_version"] = *cycle->model_version;
  if (cycle->selection_id) {
    if (const auto selection = storage::find_selection(store, project.id, *cycle->selection_id))
      json["remaining"] = selection->remaining;
  }
  return json;
}

// What the audit tells about where most of the pool is labelled; null before, or without an audit.
static Json audit_note(const Project& project, const ModelVersion* newest) {
  const Counts& counts = project.counts;
  const int64_t open = counts.unlabeled + counts.leased;
  if (!newest || !newest->metrics.is_object() || counts.labeled <= open) return nullptr;
  return "more than half of the pool is labelled: the audit tells of what was left in the pool "
         "when its rows were drawn, which is easier than the whole where the hard rows were chosen "
         "first";
}

Json progress_report(storage::Store& store, const Project& project) {
  const auto models = storage::models_in_order(store, project.id);
  const ModelVersion* newest = models.empty() ? nullptr : &models.back();
  const Json guard = guard_report(store, project);
  Json report = {{"project", project.name},
                 {"task", project.task},
                 {"classes", project.classes},
                 {"counts", counts_json(project)},
                 {"class_counts", class_counts_json(store, project)},
                 {"curve", curve_json(models)},
                 {"metrics", newest ? newest->metrics : Json(nullptr)},
                 {"audit_note", audit_note(project, newest)},
                 {"slices", nullptr},
                 {"groups", nullptr},
                 {"stop", stop_report(store, project, models, guard)},
                 {"guard", guard},
                 {"cost", cost_json(store, project)},
                 {"cycle", cycle_json(store, project)},
                 {"model", nullptr},
                 {"learner_choice", choice_json(newest)}};
  report_labels_saved(project, newest, report);
  for (const char* part : {"slices", "groups"}) {
    Json& metrics = report["metrics"];
    if (!metrics.is_object() || !metrics.contains(part)) continue;
    report[part] = std::move(metrics[part]);
    metrics.erase(part);
  }
  if (report["metrics"].is_null()) {
    report["metrics_reason"] = !newest ? "there is no model yet: label some examples"
                               : newest->with_audit
                                   ? "the project is finalised: its audit labels are trained on "
                                     "and measure no more"
                                   : "no audit example has been answered yet";
  }
  if (newest) {
    report["model"] = {{"version", newest->version},
                       {"alias", newest->aliases},
                       {"semi_supervised", newest->data.value("semi_supervised", Json())}};
  }
  return report;
}

}  // namespace querist::loop
