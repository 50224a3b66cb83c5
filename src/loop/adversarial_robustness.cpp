// The attack is the learners'; here are the rows that measure it.
#include "loop/adversarial_robustness.h"

#include <numeric>

#include "loop/estimate_json.h"
#include "loop/numbered_labels.h"
#include "metrics/classification.h"
#include "storage/annotations.h"
#include "storage/events.h"
#include "storage/models.h"
#include "storage/projects.h"

namespace querist::loop {

Json robustness(Workshop& workshop, int64_t version, const learners::Ball& ball,
                const Progress& progress) {
  storage::Store& store = workshop.store();
  const auto view = workshop.features(progress);
  const auto stored = storage::find_model(store, workshop.project_id(), version);
  if (!stored) fail(Code::not_found, "there is no model version {} in this project", version);
  if (stored->featurizer_version != workshop.featurizer_version())
    fail(Code::conflict, "version {} reads features of an older featurizer", version);
  if (stored->with_audit) {
    fail(Code::conflict, "version {} was trained on the audit labels: they measure it no more",
         version);
  }
  const auto labels =
      numbered(storage::labels_as_of(store, workshop.project_id(), storage::LabelUse::audit,
                                     storage::last_sequence(store)),
               stored->classes, static_cast<int64_t>(view.rows));
  if (labels.rows.empty()) fail(Code::conflict, "no audit example has been answered yet");
  // The plain model, whose gradients the attack follows: a calibrator hides them.
  const LoadedModel loaded = workshop.load_model(version);
  const learners::Model& model = *loaded.plain;
  const OwnedFeatures rows = take_rows(view.features, labels.rows);
  Matrix probabilities;
  model.probabilities(rows.view(), probabilities);
  const auto predicted = metrics::likeliest(probabilities);
  const auto holds = learners::robust_rows(model, rows.view(), labels.ids, ball);
  if (!holds) {
    refuse(
        "version {} is of {}, which gives no gradient to attack along: it can be measured of "
        "logistic_regression and neural_head",
        version, stored->learner);
  }
  const auto rows_measured = static_cast<int64_t>(labels.ids.size());
  int64_t right = 0;
  for (size_t i = 0; i < predicted.size(); ++i) right += predicted[i] == labels.ids[i];
  const bool is_exact = !model.linear_bias().empty();
  return {{"version", version},
          {"method", is_exact ? "exact" : "pgd"},
          {"norm", ball.norm == learners::Norm::l2 ? "l2" : "linf"},
          {"radius", ball.radius},
          {"steps", ball.steps},
          {"audit_labels", labels.ids.size()},
          {"accuracy", share_json(right, rows_measured)},
          {"robust_accuracy",
           share_json(std::accumulate(holds->begin(), holds->end(), int64_t{0}), rows_measured)}};
}

}  // namespace querist::loop
