// The training step: labels to a model version, evaluated on the audit labels and gated against the
// champion.
#include <cmath>

#include "base/clock.h"
#include "base/stop_point.h"
#include "loop/cycle.h"
#include "loop/evaluate.h"
#include "loop/numbered_labels.h"
#include "loop/project_semi_supervised.h"
#include "loop/signals.h"
#include "metrics/classification.h"
#include "storage/annotations.h"
#include "storage/cycles.h"
#include "storage/events.h"
#include "storage/models.h"
#include "storage/projects.h"

namespace querist::loop {

static constexpr size_t stop_set_size = 2000;

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

// Mean over rows, in nats; 0 for none.
static double mean_entropy(const Matrix& probabilities) {
  if (probabilities.rows == 0) return 0;
  double sum = 0;
  for (const float p : probabilities.values) {
    if (p > 0) sum -= static_cast<double>(p) * std::log(static_cast<double>(p));
  }
  return sum / static_cast<double>(probabilities.rows);
}

// The model's classes for the stop set and its doubt about them: a fixed sample of the pool as it
// was at the first model.
static Json stop_set(Workshop& workshop, const Project& project, const LoadedModel& model,
                     const storage::FeatureView& view) {
  const auto earlier = storage::find_model(workshop.store(), workshop.project_id(), 1);
  const auto rows_then =
      earlier ? json_integer(earlier->data, "stop_pool") : static_cast<int64_t>(view.rows);
  Rng rng(mix_seed(static_cast<uint64_t>(project.settings.integer("seed")), 77));
  auto rows = rng.sample(static_cast<size_t>(rows_then), stop_set_size);
  std::sort(rows.begin(), rows.end());
  const Matrix probabilities = predict_rows(model, view, rows);
  return {{"stop_pool", rows_then},
          {"stop_set", metrics::likeliest(probabilities)},
          {"stop_entropy", mean_entropy(probabilities)}};
}

static Json evaluate(const Project& project, const LoadedModel& model, const NumberedLabels& audit,
                     const storage::FeatureView& view) {
  if (audit.rows.empty()) return nullptr;
  const auto seed = static_cast<uint64_t>(project.settings.integer("seed"));
  Json metrics =
      evaluation_json(audit.ids, predict_rows(model, view, audit.rows), project.classes, seed);
  metrics["model_version"] = model.version;
  return metrics;
}

// What becomes of the champion once this model is stored.
struct Succession {
  std::optional<Gate> gate;  // Nothing: there is no champion yet.
  int64_t against = 0;
  bool takes_over = true;
  std::string reason = "the first model";
};

static Succession succession(Workshop& workshop, const Project& project, const LoadedModel& model,
                             const NumberedLabels& audit, const storage::FeatureView& view) {
  const auto champion = storage::model_of_alias(workshop.store(), project.id, "champion");
  Succession result;
  if (!champion) return result;
  Gate gate;
  const bool comparable = champion->featurizer_version == model.featurizer_version;
  const auto loaded = comparable ? workshop.load_if_whole(champion->version) : std::nullopt;
  if (loaded) {
    const Matrix theirs = predict_rows(*loaded, view, audit.rows);
    gate = paired_gate(audit.ids, predict_rows(model, view, audit.rows), theirs,
                       static_cast<uint64_t>(project.settings.integer("seed")));
  } else {
    gate.passed = true;
    gate.sentence =
        comparable ? "Taken without a test: the champion's file is missing or damaged."
                   : "Taken without a test: the champion reads features of an older featurizer.";
  }
  result.gate = gate;
  result.against = champion->version;
  result.takes_over = gate.passed;
  result.reason = gate.sentence;
  return result;
}

// Model, metrics, gate, alias and cycle in one transaction: a crash keeps all of it or nothing.
static void store_model(Workshop& workshop, const ModelVersion& version, const Json& metrics,
                        const Succession& next, LoadedModel& model, Cycle& cycle) {
  storage::Store& store = workshop.store();
  const std::string bytes = model.model->save();
  store.atomically([&] {
    model.version = storage::add_model(store, version, bytes, "querist").version;
    const int64_t project_id = version.project_id;
    record_pseudo_labels(store, version, model.version);
    if (!metrics.is_null()) {
      Json named = metrics;
      named["model_version"] = model.version;
      storage::set_model_metrics(store, project_id, model.version, named, "querist");
    }
    if (next.gate) {
      storage::set_model_gate(store, project_id, model.version, gate_json(*next.gate, next.against),
                              "querist");
    }
    if (next.takes_over) {
      storage::set_alias(store, project_id, "champion", model.version, "automatic", next.reason,
                         "querist");
    }
    cycle.model_version = model.version;
    storage::save_cycle(store, cycle, "querist");
  });
}

// The labels to train on, and what the model row will say of them.
struct TrainingSet {
  std::vector<Labelled> labels;
  std::string hash;
  int64_t through_event = 0;
};

static bool is_trained_on(const ModelVersion& model, const TrainingSet& set, const Project& project,
                          const learners::Learner& learner, const Params& params,
                          int64_t featurizer_version) {
  return model.label_hash == set.hash && model.learner == learner.name &&
         model.featurizer_version == featurizer_version && model.params == given_json(params) &&
         model.classes == project.classes && has_same_ssl(model, project);
}

// Trains, measures on the audit labels, compares with the champion, stores.
static void train_model(Cycle& cycle, Workshop& workshop, const Project& project,
                        const TrainingSet& set, const learners::Learner& learner,
                        const Params& params, const storage::FeatureView& view,
                        const Progress& progress) {
  const double started = monotonic_seconds();
  const NumberedLabels labels =
      numbered(set.labels, project.classes, static_cast<int64_t>(view.rows));
  QUERIST_CHECK(labels.rows.size() == set.labels.size());
  const OwnedFeatures features = take_rows(view.features, labels.rows);
  const Dataset data = {features.view(), labels.ids, {}, project.classes.size()};
  const LoadedModel before = workshop.newest_model();
  const bool same_kind = before.model && before.learner == learner.name;
  const auto seed = mix_seed(static_cast<uint64_t>(project.settings.integer("seed")), 2);
  LoadedModel model;
  model.learner = learner.name;
  model.featurizer_version = workshop.featurizer_version();
  model.model = learners::train(learner, data, params, same_kind ? before.scorer().get() : nullptr,
                                seed, progress);
  stop_point("trained");

  ModelVersion version;
  version.project_id = project.id;
  version.learner = learner.name;
  version.params = given_json(params);
  version.seed = static_cast<int64_t>(seed >> 1);
  version.classes = project.classes;
  version.featurizer = workshop.featurizer_name();
  version.featurizer_version = model.featurizer_version;
  version.labels = static_cast<int64_t>(set.labels.size());
  version.label_hash = set.hash;
  version.through_event = set.through_event;
  version.with_audit = project.finalised;
  version.seconds = monotonic_seconds() - started;
  version.build = QUERIST_BUILD;
  version.data = stop_set(workshop, project, model, view);
  NumberedLabels audit;  // None once they are trained on: they would measure memory.
  if (!version.with_audit) {
    audit = numbered(storage::labels_as_of(workshop.store(), project.id, storage::LabelUse::audit,
                                           set.through_event),
                     project.classes, static_cast<int64_t>(view.rows));
  }
  add_pseudo_labels(workshop, project, view, labels, audit, {&learner, params}, seed, before,
                    progress, model, version);
  const Json metrics = evaluate(project, model, audit, view);
  const Succession next = succession(workshop, project, model, audit, view);
  workshop.check_features();
  store_model(workshop, version, metrics, next, model, cycle);
  stop_point("model_stored");
  workshop.keep_model(model);
}

Cycle train(Cycle cycle, Workshop& workshop, const Progress& progress) {
  storage::Store& store = workshop.store();
  Project project;
  TrainingSet set;
  store.snapshot([&] {  // So that no label is of a class that the project did not have yet.
    project = storage::project(store, workshop.project_id());
    set.through_event = storage::last_sequence(store);
    set.labels =
        storage::labels_as_of(store, project.id, storage::LabelUse::training, set.through_event);
  });
  const auto view = workshop.features(progress);  // After the labels: it holds all their rows.
  set.hash = storage::hash_of_labels(set.labels);
  const auto [card, params] = project_learner(project);
  const learners::Learner& learner = *card;
  const auto newest = storage::latest_model(store, project.id);
  cycle.state = CycleState::scoring;
  const bool known =
      newest &&
      is_trained_on(*newest, set, project, learner, params, workshop.featurizer_version()) &&
      workshop.newest_model().version == newest->version;
  if (!set.labels.empty() && !known) {
    train_model(cycle, workshop, project, set, learner, params, view, progress);
    return cycle;
  }
  cycle.model_version = known ? std::optional(newest->version) : std::nullopt;
  storage::save_cycle(store, cycle, "querist");
  return cycle;
}

}  // namespace querist::loop
