// Loads versions, keeps the latest few, predicts.
#include "serving/deployment.h"

#include <algorithm>

#include "calibrators/calibrator.h"
#include "learners/rescaled_model.h"
#include "metrics/decision.h"
#include "storage/models.h"
#include "storage/projects.h"

namespace querist::serving {

static constexpr size_t kept_deployments = 16;

Prediction predict(const Deployment& deployment, std::span<const Payload> payloads, bool with_ood) {
  if (payloads.size() > max_batch) {
    fail(Code::resource_exhausted, "a request may hold {} inputs, not {}: send them in parts",
         max_batch, payloads.size());
  }
  if (with_ood && !deployment.novelty) {
    if (deployment.has_rule) {
      fail(Code::unavailable,
           "the out-of-distribution detector of version {} is missing or damaged: restore the "
           "folder blobs from a backup or train again",
           deployment.version);
    }
    fail(Code::conflict,
         "version {} does not know yet what is out of distribution: run querist evaluate --ood "
         "--model-version {} first",
         deployment.version, deployment.version);
  }
  Prediction prediction;
  if (payloads.empty()) {
    prediction.probabilities = Matrix(0, deployment.classes.size());
    return prediction;
  }
  const auto batch = deployment.featurizer.transform(payloads);
  deployment.model->probabilities(batch.features(), prediction.probabilities);
  for (size_t i = 0; i < payloads.size(); ++i) {
    prediction.labels.push_back(deployment.classes[metrics::decide(prediction.probabilities.row(i),
                                                                   deployment.class_weights)]);
  }
  if (with_ood) {
    Matrix plain;
    deployment.plain->probabilities(batch.features(), plain);
    prediction.ood_scores = novelty_scores(*deployment.novelty, batch, plain);
    for (const double score : prediction.ood_scores)
      prediction.is_ood.push_back(score > deployment.novelty->threshold);
  }
  return prediction;
}

// The calibration and the decision that lie with the version; those of old have none.
static void add_judgement(const Json& data, Deployment& deployment) {
  if (data.contains("decision"))
    data["decision"].at("class_weights").get_to(deployment.class_weights);
  if (!data.contains("calibration")) return;
  const auto calibration = calibrators::calibration_of(data["calibration"]);
  if (calibration.name == "none") return;
  deployment.model = learners::rescaled(
      deployment.model, [calibration](Matrix& p) { calibrators::calibrate(calibration, p); });
}

std::shared_ptr<const Deployment> Deployments::load(const Project& project,
                                                    const ModelVersion& version) {
  const auto key = std::pair(project.id, version.version);
  {
    const std::lock_guard lock(mutex_);
    const auto found = loaded_.find(key);
    const bool has_rule = version.data.contains("out_of_distribution");
    if (found != loaded_.end() && found->second->has_rule == has_rule) return found->second;
  }
  auto made = std::make_shared<Deployment>();
  made->project_id = project.id;
  made->version = version.version;
  made->classes = version.classes;
  made->payload = project.payload.value();
  for (const Column& column : project.columns) made->columns.push_back(column.name);
  made->dimensions = static_cast<size_t>(project.dimensions);
  const auto featurizer = storage::find_featurizer(store_, project.id, version.featurizer_version);
  QUERIST_CHECK(featurizer.has_value());
  made->featurizer =
      featurizers::parse_featurizer(featurizer->name)
          .card->load(storage::featurizer_bytes(store_, project.id, version.featurizer_version));
  made->model = learners::find(version.learner)
                    .load(storage::model_bytes(store_, project.id, version.version));
  made->plain = made->model;
  add_judgement(version.data, *made);
  made->has_rule = version.data.contains("out_of_distribution");
  made->novelty = stored_rule(store_, version);
  const std::lock_guard lock(mutex_);
  const auto [entry, is_new] = loaded_.insert_or_assign(key, std::move(made));
  if (is_new) recent_.push_back(key);
  const auto deployment = entry->second;
  if (recent_.size() > kept_deployments) {
    loaded_.erase(recent_.front());
    recent_.erase(recent_.begin());
  }
  return deployment;
}

std::shared_ptr<const Deployment> Deployments::of_alias(const Project& project,
                                                        std::string_view alias) {
  const auto version = storage::model_of_alias(store_, project.id, alias);
  if (!version) {
    fail(Code::not_found,
         "the project {} has no model with the alias {} yet: label some examples first",
         project.name, alias);
  }
  return load(project, *version);
}

std::shared_ptr<const Deployment> Deployments::of_version(const Project& project, int64_t version) {
  const auto found = storage::find_model(store_, project.id, version);
  if (!found)
    fail(Code::not_found, "the project {} has no model version {}", project.name, version);
  return load(project, *found);
}

AliasChange promote(storage::Store& store, const Project& project, std::string_view alias,
                    int64_t version, bool force, const std::string& reason,
                    const std::string& actor) {
  const auto model = storage::find_model(store, project.id, version);
  if (!model)
    fail(Code::not_found, "the project {} has no model version {}", project.name, version);
  if (std::find(model->aliases.begin(), model->aliases.end(), alias) != model->aliases.end()) {
    fail(Code::conflict, "version {} is the {} already", version, alias);
  }
  const bool failed = model->gate.is_object() && !json_flag(model->gate, "passed", true);
  if (failed && !force) {
    fail(Code::conflict,
         "version {} did not pass its gate: {} Pass force to promote it all the same.", version,
         json_text(model->gate, "sentence", ""));
  }
  std::string why = reason.empty() ? "promoted by hand" : reason;
  if (failed) why += " (forced past its gate)";
  return storage::set_alias(store, project.id, alias, version, "promote", why, actor);
}

}  // namespace querist::serving
