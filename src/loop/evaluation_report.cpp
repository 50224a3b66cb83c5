// Loads the newest model with the features it reads and asks each part of it.
#include "loop/evaluation_report.h"

#include "base/error.h"
#include "loop/audit_columns.h"
#include "loop/leakage.h"
#include "loop/numbered_labels.h"
#include "loop/score_report.h"
#include "metrics/decision.h"
#include "storage/annotations.h"
#include "storage/models.h"

namespace querist::loop {

// What each version's gaps were when it was measured, oldest first.
static Json rounds_json(storage::Store& store, const Project& project) {
  Json rounds = Json::array();
  for (const ModelVersion& model : storage::models_in_order(store, project.id)) {
    if (!model.metrics.is_object() || !model.metrics.contains("groups")) continue;
    Json columns = Json::array();
    for (const Json& group : model.metrics["groups"]) {
      Json gaps = Json::array();
      for (const Json& gap : group["gaps"]) {
        gaps.push_back({{"metric", gap["metric"]},
                        {"class", gap["class"]},
                        {"difference", gap["difference"]},
                        {"q_value", gap["q_value"]}});
      }
      columns.push_back({{"column", group["column"]}, {"gaps", gaps}});
    }
    rounds.push_back({{"model_version", model.version},
                      {"labels", model.labels},
                      {"audit_labels", model.metrics["audit_labels"]},
                      {"columns", columns}});
  }
  return rounds;
}

static AuditAnswers answers_of(Workshop& workshop, const Project& project,
                               const ModelVersion& version, const storage::FeatureView& view,
                               std::span<const Labelled> audit) {
  // Classes that came after the model are none that it could have named.
  const auto numbers = numbered(audit, version.classes, static_cast<int64_t>(view.rows));
  const LoadedModel model = workshop.load_model(version.version);
  AuditAnswers answers{numbers.rows, numbers.ids, {}, model.class_weights};
  if (!answers.class_weights.empty()) answers.class_weights.resize(project.classes.size());
  const OwnedFeatures features = take_rows(view.features, answers.rows);
  Matrix given;
  model.model->probabilities(features.view(), given);
  answers.probabilities = Matrix(given.rows, project.classes.size());
  for (size_t i = 0; i < given.rows; ++i)
    std::ranges::copy(given.row(i), answers.probabilities.row(i).begin());
  return answers;
}

// A class that came after the model has no weight of its own, and no probability.
static Json scores_of(storage::Store& store, const ModelVersion& version,
                      const AuditAnswers& answers, const Project& project) {
  std::vector<double> weights;
  if (version.data.contains("decision"))
    version.data["decision"].at("class_weights").get_to(weights);
  if (!weights.empty()) weights.resize(answers.probabilities.cols, 1);
  return scores_json(answers.labels, metrics::decide(answers.probabilities, weights),
                     answers.probabilities, static_cast<uint64_t>(project.settings.integer("seed")),
                     audit_groups(store, project.id, answers.rows));
}

Json evaluation_report(Workshop& workshop, const Project& project, const EvaluationWishes& wishes,
                       const Progress& progress) {
  storage::Store& store = workshop.store();
  const std::lock_guard lock(workshop.mutex());
  Json report = {{"model_version", nullptr}, {"audit_labels", 0}};
  for (const std::string& part : wishes.parts) report[part] = nullptr;
  const auto version = storage::latest_model(store, project.id);
  if (!version || version->with_audit) {
    report["reason"] = version ? "the project is finalised: its audit labels are trained on and "
                                 "measure no more"
                               : "there is no model yet: label some examples";
    return report;
  }
  const auto audit = storage::labels(store, project.id, storage::LabelUse::audit);
  report["model_version"] = version->version;
  if (audit.empty()) {
    report["reason"] = "no audit example has been answered yet";
    return report;
  }
  const auto view = past_features(store, project.id, version->featurizer_version,
                                  project.counts.examples, progress);
  const auto answers = answers_of(workshop, project, *version, view, audit);
  report["audit_labels"] = answers.rows.size();
  if (wishes.parts.contains("slices") && !answers.rows.empty())
    report["slices"] = slices_json(store, project, answers, view, wishes.loss);
  if (wishes.parts.contains("scores") && !answers.rows.empty()) {
    report["scores"] = scores_of(store, *version, answers, project);
    report["gate"] = version->gate;
  }
  if (wishes.parts.contains("groups") && !answers.rows.empty()) {
    auto columns = wishes.group_columns;
    if (columns.empty()) columns = column_names(project.settings.text("group_columns"));
    if (columns.empty()) {
      refuse(
          "name the columns to compare groups by, with ?groups=COL or in the setting "
          "group_columns");
    }
    report["groups"] = groups_json(store, project, answers, columns);
    report["rounds"] = rounds_json(store, project);
  }
  if (wishes.parts.contains("leakage")) {
    const auto training = storage::labels(store, project.id, storage::LabelUse::training);
    report["leakage"] = project_leakage(store, project, training, audit, view, progress);
  }
  return report;
}

}  // namespace querist::loop
