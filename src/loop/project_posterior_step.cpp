// The labels of the version before are read back as they stood then.
#include "loop/project_posterior_step.h"

#include "base/clock.h"
#include "loop/calibration.h"
#include "loop/posterior_steps.h"
#include "storage/annotations.h"
#include "storage/models.h"

namespace querist::loop {

static constexpr const char* key = "posterior_step";

void add_posterior_step(const ModelStep& step, ModelVersion& version) {
  storage::Store& store = step.workshop.store();
  const auto earlier = storage::latest_model(store, step.project.id);
  const LoadedModel& before = step.before.scorer();
  if (!before.model || !earlier || earlier->version != step.before.version ||
      earlier->learner != version.learner || earlier->params != version.params ||
      earlier->classes != version.classes ||
      earlier->featurizer_version != version.featurizer_version) {
    return;
  }
  const double started = monotonic_seconds();
  const auto labels = storage::labels_as_of(store, step.project.id, storage::LabelUse::training,
                                            earlier->through_event);
  if (storage::hash_of_labels(labels) != earlier->label_hash) return;
  const NumberedLabels then =
      numbered(labels, step.project.classes, static_cast<int64_t>(step.view.rows));
  const bool balanced = weighs_classes_alike(step.params);
  const auto moved =
      posterior_step(step.view.features, {before.plain, then.rows, then.ids, balanced},
                     {step.plain, step.labels.rows, step.labels.ids, balanced});
  if (!moved) return;
  version.data[key] = {{"before_from_after", moved->before_from_after},
                       {"after_from_before", moved->after_from_before}};
  version.seconds += monotonic_seconds() - started;
}

std::optional<stopping::PosteriorStep> posterior_step_of(const ModelVersion& version) {
  if (!version.data.contains(key)) return std::nullopt;
  const Json& stored = version.data[key];
  return stopping::PosteriorStep{stored.at("before_from_after"), stored.at("after_from_before")};
}

}  // namespace querist::loop
