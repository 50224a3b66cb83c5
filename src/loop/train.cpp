// The training step: labels to a model version, evaluated on the audit labels and gated against the
// champion.
#include <map>

#include "base/clock.h"
#include "base/stop_point.h"
#include "loop/cycle.h"
#include "loop/evaluate.h"
#include "metrics/classification.h"
#include "storage/annotations.h"
#include "storage/cycles.h"
#include "storage/events.h"
#include "storage/models.h"
#include "storage/projects.h"

namespace querist::loop {

static constexpr size_t stop_set_size = 2000;

// Rows and class ids of stored labels.
struct Labels {
  std::vector<int64_t> rows;
  std::vector<int32_t> ids;
};

static Labels numbered(const std::vector<Labelled>& labels,
                       const std::vector<std::string>& classes) {
  std::map<std::string_view, int32_t> ids;
  for (size_t c = 0; c < classes.size(); ++c) ids[classes[c]] = static_cast<int32_t>(c);
  Labels out;
  for (const Labelled& label : labels) {
    const auto id = ids.find(label.label);
    QUERIST_CHECK(id != ids.end());
    out.rows.push_back(label.row);
    out.ids.push_back(id->second);
  }
  return out;
}

static Params learner_params(const Project& project, const learners::Learner& learner) {
  Params params(learner.params);
  for (const ParamSpec& spec : learner.params) {
    if (spec.name == "class_weight")
      params.set("class_weight", project.settings.text("class_weight"));
  }
  return params;
}

static Json given_json(const Params& params) {
  Json json = Json::object();
  for (const ParamSpec& spec : params.specs()) {
    const ParamValue& value = params.value(spec.name);
    if (const auto* number = std::get_if<double>(&value)) json[std::string(spec.name)] = *number;
    if (const auto* flag = std::get_if<bool>(&value)) json[std::string(spec.name)] = *flag;
    if (const auto* text = std::get_if<std::string>(&value)) json[std::string(spec.name)] = *text;
  }
  return json;
}

static Matrix predict_rows(const LoadedModel& model, const storage::FeatureView& view,
                           const std::vector<int64_t>& rows) {
  Matrix probabilities;
  const OwnedFeatures features = take_rows(view.features, rows);
  model.model->probabilities(features.view(), probabilities);
  return probabilities;
}

// The model's classes for the stop set: a fixed sample of the pool as it was at the first model.
static Json stop_set(Workshop& workshop, const Project& project, const LoadedModel& model,
                     const storage::FeatureView& view) {
  const auto earlier = storage::find_model(workshop.store(), workshop.project_id(), 1);
  const auto rows_then =
      earlier ? json_integer(earlier->data, "stop_pool") : static_cast<int64_t>(view.rows);
  Rng rng(mix_seed(static_cast<uint64_t>(project.settings.integer("seed")), 77));
  auto rows = rng.sample(static_cast<size_t>(rows_then), stop_set_size);
  std::sort(rows.begin(), rows.end());
  return {{"stop_pool", rows_then},
          {"stop_set", metrics::likeliest(predict_rows(model, view, rows))}};
}

static Json evaluate(const Project& project, const LoadedModel& model, const Labels& audit,
                     const storage::FeatureView& view) {
  if (audit.rows.empty()) return nullptr;
  const auto seed = static_cast<uint64_t>(project.settings.integer("seed"));
  Json metrics =
      evaluation_json(audit.ids, predict_rows(model, view, audit.rows), project.classes, seed);
  metrics["model_version"] = model.version;
  return metrics;
}

// Names the first version champion; a later one takes the name when it passes the gate.
static void gate(Workshop& workshop, const Project& project, const LoadedModel& model,
                 const Labels& audit, const storage::FeatureView& view) {
  storage::Store& store = workshop.store();
  const auto champion = storage::model_of_alias(store, project.id, "champion");
  if (!champion) {
    storage::set_alias(store, project.id, "champion", model.version, "automatic", "the first model",
                       "querist");
    return;
  }
  Gate result;
  if (champion->featurizer_version == model.featurizer_version) {
    const Matrix theirs = predict_rows(workshop.load_model(champion->version), view, audit.rows);
    result = paired_gate(audit.ids, predict_rows(model, view, audit.rows), theirs,
                         static_cast<uint64_t>(project.settings.integer("seed")));
  } else {
    result.passed = true;
    result.sentence = "Taken without a test: the champion reads features of an older featurizer.";
  }
  store.atomically([&] {
    storage::set_model_gate(store, project.id, model.version, gate_json(result, champion->version),
                            "querist");
    if (result.passed) {
      storage::set_alias(store, project.id, "champion", model.version, "automatic", result.sentence,
                         "querist");
    }
  });
}

Cycle train(Cycle cycle, Workshop& workshop, const Progress& progress) {
  storage::Store& store = workshop.store();
  const auto view = workshop.features(progress);
  const Project project = storage::project(store, workshop.project_id());
  const int64_t through_event = storage::last_sequence(store);
  const auto stored =
      storage::labels_as_of(store, project.id, storage::LabelUse::training, through_event);
  const std::string label_hash = storage::hash_of_labels(stored);
  const auto newest = storage::latest_model(store, project.id);
  cycle.state = CycleState::scoring;
  if (stored.empty()) {
    cycle.model_version = std::nullopt;
    storage::save_cycle(store, cycle, "querist");
    return cycle;
  }
  const auto& learner = learners::find(project.settings.text("learner"));
  const Params params = learner_params(project, learner);
  const bool same = newest && newest->label_hash == label_hash && newest->learner == learner.name &&
                    newest->featurizer_version == workshop.featurizer_version() &&
                    newest->params == given_json(params) && newest->classes == project.classes;
  if (same) {
    cycle.model_version = newest->version;
    storage::save_cycle(store, cycle, "querist");
    return cycle;
  }

  const double started = monotonic_seconds();
  const Labels labels = numbered(stored, project.classes);
  const OwnedFeatures features = take_rows(view.features, labels.rows);
  const Dataset data = {features.view(), labels.ids, {}, project.classes.size()};
  const LoadedModel before = workshop.newest_model();
  const auto seed = mix_seed(static_cast<uint64_t>(project.settings.integer("seed")), 2);
  LoadedModel model;
  model.model = learners::train(learner, data, params, before.model.get(), seed, progress);
  model.featurizer_version = workshop.featurizer_version();
  stop_point("trained");

  ModelVersion version;
  version.project_id = project.id;
  version.learner = learner.name;
  version.params = given_json(params);
  version.seed = static_cast<int64_t>(seed >> 1);
  version.classes = project.classes;
  version.featurizer = project.settings.text("featurizer");
  version.featurizer_version = model.featurizer_version;
  version.labels = static_cast<int64_t>(stored.size());
  version.label_hash = label_hash;
  version.through_event = through_event;
  version.with_audit = project.finalised;
  version.seconds = monotonic_seconds() - started;
  version.build = QUERIST_BUILD;
  const Labels audit =
      numbered(storage::labels_as_of(store, project.id, storage::LabelUse::audit, through_event),
               project.classes);
  version.data = stop_set(workshop, project, model, view);
  const std::string bytes = model.model->save();
  const Json metrics = evaluate(project, model, audit, view);
  store.atomically([&] {
    model.version = storage::add_model(store, version, bytes, "querist").version;
    if (!metrics.is_null()) {
      Json named = metrics;
      named["model_version"] = model.version;
      storage::set_model_metrics(store, project.id, model.version, named, "querist");
    }
    cycle.model_version = model.version;
    storage::save_cycle(store, cycle, "querist");
  });
  stop_point("model_stored");
  workshop.keep_model(model);
  gate(workshop, project, model, audit, view);
  return cycle;
}

}  // namespace querist::loop
