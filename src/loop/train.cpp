// The training step: labels to a model version, judged on the training labels, evaluated on the
// audit labels and gated against the champion.
#include "base/clock.h"
#include "base/stop_point.h"
#include "loop/audit_columns.h"
#include "loop/audit_sequence.h"
#include "loop/calibration.h"
#include "loop/cycle.h"
#include "loop/evaluate.h"
#include "loop/given_params.h"
#include "loop/hardening.h"
#include "loop/judge_model.h"
#include "loop/numbered_labels.h"
#include "loop/project_consensus.h"
#include "loop/project_labels_saved.h"
#include "loop/project_learner.h"
#include "loop/project_posterior_step.h"
#include "loop/project_semi_supervised.h"
#include "loop/slice_report.h"
#include "loop/stop_set.h"
#include "loop/succession.h"
#include "metrics/decision.h"
#include "storage/annotations.h"
#include "storage/cycles.h"
#include "storage/events.h"
#include "storage/models.h"
#include "storage/projects.h"

namespace querist::loop {

// The labels to train on, and what the model row will say of them.
struct TrainingSet {
  std::vector<Labelled> labels;
  std::string hash;
  int64_t through_event = 0;
};

static bool is_trained_on(const ModelVersion& model, const TrainingSet& set, const Project& project,
                          const learners::ChosenLearner& learner, int64_t featurizer_version) {
  return model.label_hash == set.hash && model.learner == learner.card->name &&
         model.featurizer_version == featurizer_version &&
         model.params == given_json(learner.params) && model.classes == project.classes &&
         is_judged_by_settings(model, project) && has_same_ssl(model, project) &&
         has_same_augmentation(model, project);
}

// What a training step works with, and what it makes.
struct Training {
  Workshop& workshop;
  const Project& project;
  const TrainingSet& set;
  const LearnerChoice& choice;
  const storage::FeatureView& view;
  const Progress& progress;

  const learners::Learner& learner() const { return *choice.learner.card; }
  const Params& params() const { return choice.learner.params; }

  NumberedLabels labels;
  LoadedModel before;  // What predicted until now.
  LoadedModel model;
  // What the same labels teach without typing mistakes; the model's own where there are none.
  std::shared_ptr<const learners::Model> unaugmented;
  ModelVersion version;

  uint64_t seed() const {
    return mix_seed(static_cast<uint64_t>(project.settings.integer("seed")), 2);
  }
};

// Everything about the version but its data.
static void describe(Training& training) {
  ModelVersion& version = training.version;
  version.project_id = training.project.id;
  version.learner = training.learner().name;
  version.params = given_json(training.params());
  version.seed = static_cast<int64_t>(training.seed() >> 1);
  version.classes = training.project.classes;
  version.featurizer = training.workshop.featurizer_name();
  version.featurizer_version = training.workshop.featurizer_version();
  version.labels = static_cast<int64_t>(training.set.labels.size());
  version.label_hash = training.set.hash;
  version.through_event = training.set.through_event;
  version.with_audit = training.project.finalised;
  version.build = QUERIST_BUILD;
}

// Trains, and learns from the same labels what the model's word is worth.
static void fit_and_judge(Training& training) {
  const double started = monotonic_seconds();
  const Project& project = training.project;
  const NumberedLabels& labels = training.labels =
      numbered(training.set.labels, project.classes, static_cast<int64_t>(training.view.rows));
  QUERIST_CHECK(labels.rows.size() == training.set.labels.size());
  const OwnedFeatures features = take_rows(training.view.features, labels.rows);
  const Dataset data = {features.view(), labels.ids, {}, project.classes.size()};
  const auto taught = augmented(training.workshop, project, labels);
  const LoadedModel& before = training.before = training.workshop.newest_model();
  const bool same_kind = before.model && before.learner == training.learner().name;
  const auto learnt = [&](const Dataset& from) -> std::shared_ptr<const learners::Model> {
    return learners::train(training.learner(), from, training.params(),
                           same_kind ? before.scorer().plain.get() : nullptr, training.seed(),
                           training.progress);
  };
  const auto plain = learnt(taught ? taught->data : data);
  training.unaugmented = taught ? learnt(data) : plain;
  stop_point("trained");
  describe(training);
  ModelVersion& version = training.version;
  if (taught) version.data["augmentation"] = augmentation_json(project);
  version.data.update(judge_model({project, training.learner(), training.params(), data, *plain,
                                   version, taught ? &taught->data : nullptr},
                                  storage::latest_model(training.workshop.store(), project.id),
                                  training.progress));
  version.seconds = monotonic_seconds() - started;
  training.model.learner = version.learner;
  training.model.featurizer_version = version.featurizer_version;
  set_models(training.model, plain, version.data);
}

// None once they are trained on: they would measure memory.
static NumberedLabels audit_labels(const Training& training) {
  if (training.version.with_audit) return {};
  return numbered(storage::labels_as_of(training.workshop.store(), training.project.id,
                                        storage::LabelUse::audit, training.set.through_event),
                  training.project.classes, static_cast<int64_t>(training.view.rows));
}

static Json evaluate(const Training& training, const NumberedLabels& audit) {
  if (audit.rows.empty()) return nullptr;
  const LoadedModel& model = training.model;
  const auto& classes = training.project.classes;
  const AuditAnswers answers = {audit.rows, audit.ids,
                                predict_rows(*model.model, training.view, audit.rows),
                                model.class_weights};
  const auto groups = audit_groups(training.workshop.store(), training.project.id, audit.rows);
  Json metrics =
      evaluation_json(answers.labels, answers.probabilities, classes, model.class_weights, groups);
  add_confidence_sequence(metrics, training.workshop.store(), training.project, audit,
                          metrics::decide(answers.probabilities, model.class_weights));
  keep_slices(metrics, training.workshop.store(), training.project, answers, training.view);
  metrics["calibration"] =
      calibration_report(training.version.data["calibration"], audit.ids,
                         predict_rows(*model.plain, training.view, audit.rows));
  metrics["decision"] = training.version.data["decision"];
  const Json hardening =
      hardening_report({training.workshop, training.project, training.view, training.labels, audit,
                        groups, training.learner(), training.params(), *model.scorer().plain,
                        *training.unaugmented, training.seed(), training.progress});
  if (!hardening.empty()) metrics["hardening"] = hardening;
  return metrics;
}

// Trains, measures on the audit labels, compares with the champion, stores.
static void train_model(Training& training, Cycle& cycle) {
  Workshop& workshop = training.workshop;
  LoadedModel& model = training.model;
  fit_and_judge(training);
  training.version.data.update(stop_set(workshop, training.project, model, training.view));
  note_choice(training.choice, training.version);
  note_consensus(training.project, training.version);
  if (training.unaugmented == model.plain) {
    add_posterior_step({workshop, training.project, training.view, training.labels,
                        training.params(), training.before, model.plain},
                       training.version);
  }
  const NumberedLabels audit = audit_labels(training);
  add_labels_saved({workshop, training.project, training.view, training.labels, audit,
                    training.choice.learner, *training.unaugmented, training.progress},
                   training.version);
  add_pseudo_labels({workshop, training.project, training.view, training.labels, audit,
                     training.choice.learner, training.seed(), training.before, training.progress},
                    model, training.version);
  const Json metrics = evaluate(training, audit);
  const Succession next = succession(workshop, training.project, model, audit, training.view);
  workshop.check_features();
  store_model(workshop, training.version, metrics, next, model, cycle);
  stop_point("model_stored");
  workshop.keep_model(model);
}

Cycle train(Cycle cycle, Workshop& workshop, const Progress& progress) {
  storage::Store& store = workshop.store();
  Project project;
  TrainingSet set;
  aggregate_labels(store, workshop.project_id());
  store.snapshot([&] {  // So that no label is of a class that the project did not have yet.
    project = storage::project(store, workshop.project_id());
    set.through_event = storage::last_sequence(store);
    set.labels =
        storage::labels_as_of(store, project.id, storage::LabelUse::training, set.through_event);
  });
  const auto view = workshop.features(progress);  // After the labels: it holds all their rows.
  set.hash = storage::hash_of_labels(set.labels);
  const LearnerChoice choice = learner_to_train(store, project, set.labels, view, progress);
  const auto newest = storage::latest_model(store, project.id);
  cycle.state = CycleState::scoring;
  const bool known =
      newest && !choice.is_fresh &&
      is_trained_on(*newest, set, project, choice.learner, workshop.featurizer_version()) &&
      workshop.newest_model().version == newest->version;
  if (!set.labels.empty() && !known) {
    Training training{workshop, project, set, choice, view, progress, {}, {}, {}, {}, {}};
    train_model(training, cycle);
    return cycle;
  }
  cycle.model_version = known ? std::optional(newest->version) : std::nullopt;
  storage::save_cycle(store, cycle, "querist");
  return cycle;
}

}  // namespace querist::loop
