// The record of the last comparison goes from model to model.
#include "loop/project_learner.h"

#include "loop/numbered_labels.h"
#include "loop/signals.h"
#include "storage/events.h"
#include "storage/models.h"

namespace querist::loop {

static constexpr const char* key = "learner_choice";

static Json record_of(const std::optional<ModelVersion>& model) {
  return model ? model->data.value(key, Json()) : Json();
}

static Json record_of_newest(storage::Store& store, const Project& project,
                             std::string_view& present) {
  const auto newest = storage::latest_model(store, project.id);
  if (newest) present = learners::find(newest->learner).name;
  Json record = record_of(newest);
  if (record.is_object()) record.erase("is_fresh");
  return record;
}

learners::ChosenLearner project_learner(storage::Store& store, const Project& project) {
  const std::string& named = project.settings.text("learner");
  const std::string& class_weight = project.settings.text("class_weight");
  if (!is_auto_learner(named)) return with_class_weight(learner_for(named), class_weight);
  std::string_view present;
  const Json record = record_of_newest(store, project, present);
  return choose_learner({}, record, present, class_weight, 0, Progress()).learner;
}

LearnerChoice learner_to_train(storage::Store& store, const Project& project,
                               std::span<const Labelled> labels, const storage::FeatureView& view,
                               const Progress& progress) {
  if (!is_auto_learner(project.settings.text("learner")))
    return {.learner = project_learner(store, project), .record = {}};
  std::string_view present;
  const Json before = record_of_newest(store, project, present);
  const NumberedLabels given = numbered(labels, project.classes, static_cast<int64_t>(view.rows));
  const OwnedFeatures features = take_rows(view.features, given.rows);
  Dataset data;
  data.features = features.view();
  data.labels = given.ids;
  data.classes = project.classes.size();
  return choose_learner(data, before, present, project.settings.text("class_weight"),
                        mix_seed(static_cast<uint64_t>(project.settings.integer("seed")), 8),
                        progress);
}

void note_choice(const LearnerChoice& choice, ModelVersion& version) {
  if (choice.record.is_null()) return;
  version.data[key] = choice.record;
  version.data[key]["is_fresh"] = choice.is_fresh;
}

void record_choice(storage::Store& store, const ModelVersion& version) {
  Json record = record_of(version);
  if (record.is_null() || !record["is_fresh"].get<bool>()) return;
  record.erase("is_fresh");
  record["version"] = version.version;
  storage::record(store, "learner_chosen", version.project_id, "querist", record);
}

Json choice_json(const ModelVersion* newest) {
  return newest ? newest->data.value(key, Json()) : Json();
}

}  // namespace querist::loop
