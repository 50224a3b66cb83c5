// The choice, the threshold, and their place in the store.
#include "loop/out_of_distribution.h"

#include <cmath>

#include "loop/detector_choice.h"
#include "loop/model_rows.h"
#include "storage/blobs.h"
#include "storage/models.h"

namespace querist::loop {

namespace ood = out_of_distribution;

static Json candidates_json(const DetectorChoice& choice) {
  Json rows = Json::array();
  for (const DetectorCandidate& one : choice.candidates) {
    Json row = {{"name", one.name}, {"auroc", nullptr}};
    if (one.auroc) {
      row["auroc"] = {{"value", one.auroc->value},
                      {"ci_low", one.auroc->ci_low},
                      {"ci_high", one.auroc->ci_high},
                      {"method", one.auroc->method}};
    }
    if (!one.reason.empty()) row["reason"] = one.reason;
    rows.push_back(row);
  }
  return rows;
}

// The parameters as the version stores them.
static Params params_of(const learners::Learner& learner, const Json& stored) {
  Params params(learner.params);
  for (const auto& [name, value] : stored.items()) {
    if (value.is_boolean()) params.set(name, value.get<bool>());
    if (value.is_number()) params.set(name, value.get<double>());
    if (value.is_string()) params.set(name, value.get<std::string>());
  }
  return params;
}

static ood::Fitted fit_on_all(const ModelRows& rows, const DetectorData& data,
                              const ood::Detector& detector) {
  Matrix probabilities;
  rows.model.plain->probabilities(data.data.features, probabilities);
  const auto logits = ood::logits_of(probabilities);
  const ood::Rows known{{probabilities.rows, probabilities.cols, logits.data()}, data.embeddings};
  return ood::fit(detector, {known, data.data.labels}, Params(detector.params));
}

static Json choose_and_store(Workshop& workshop, const ModelRows& rows, const Progress& progress) {
  if (rows.trained_on.rows.empty())
    refuse("the labels that version {} was trained on are gone", rows.version.version);
  const OwnedFeatures features = take_rows(rows.view.features, rows.trained_on.rows);
  OwnedFeatures embeddings;
  if (rows.view.geometry.kind != Features::Kind::sparse)
    embeddings = take_rows(rows.view.geometry, rows.trained_on.rows);
  // A geometry beside the features is a projection that the featurizer learnt from the examples.
  const auto featurizer =
      storage::find_featurizer(workshop.store(), rows.project.id, rows.version.featurizer_version);
  QUERIST_CHECK(featurizer.has_value());
  const DetectorData data{{.features = features.view(),
                           .labels = rows.trained_on.ids,
                           .classes = rows.version.classes.size()},
                          embeddings.view(),
                          featurizer->geometry_features > 0};
  const auto& learner = learners::find(rows.version.learner);
  const Params params = params_of(learner, rows.version.params);
  const auto seed = mix_seed(static_cast<uint64_t>(rows.project.settings.integer("seed")), 31);
  const DetectorChoice choice = choose_detector(learner, params, data, seed, progress);
  const auto& detector = ood::find(choice.name);
  const auto scores = out_of_fold_scores(learner, params, data, detector, seed, progress);
  const double threshold = flagging_threshold(scores, flagged_share);
  if (!std::isfinite(threshold)) refuse("one label is too few to say what is usual: label more");
  const std::string bytes = ood::save(fit_on_all(rows, data, detector));
  const std::string_view blob = bytes;
  const Json report = {{"detector", choice.name},
                       {"threshold", threshold},
                       {"flagged_share", flagged_share},
                       {"sentence", choice.sentence},
                       {"candidates", candidates_json(choice)},
                       {"classes", choice.classes},
                       {"class_folds", choice.class_folds},
                       {"rows", choice.rows},
                       {"labels", rows.trained_on.rows.size()},
                       {"blob", storage::put_blobs(workshop.store(), {&blob, 1}).front()}};
  storage::set_model_data(workshop.store(), rows.project.id, rows.version.version,
                          "out_of_distribution", report, "querist");
  return report;
}

Json ood_report(Workshop& workshop, int64_t version, const Progress& progress) {
  storage::Store& store = workshop.store();
  const int64_t id = workshop.project_id();
  const auto known =
      version == 0 ? storage::latest_model(store, id) : storage::find_model(store, id, version);
  Json report;
  if (known && known->data.contains("out_of_distribution")) {
    report = known->data["out_of_distribution"];
    version = known->version;
  } else {
    const ModelRows rows = model_rows(workshop, version, progress);
    report = choose_and_store(workshop, rows, progress);
    version = rows.version.version;
  }
  report.erase("blob");
  report["model_version"] = version;
  return report;
}

}  // namespace querist::loop
