// The attack is the learners'; here are the rows that measure it.
#include "loop/adversarial_robustness.h"

#include <numeric>

#include "loop/numbered_labels.h"
#include "metrics/classification.h"
#include "metrics/intervals.h"
#include "storage/annotations.h"
#include "storage/events.h"
#include "storage/models.h"
#include "storage/projects.h"

namespace querist::loop {

static Json share_json(int64_t right, size_t of) {
  const auto estimate = metrics::wilson_interval(right, static_cast<int64_t>(of));
  return {{"value", estimate.value}, {"ci_low", estimate.ci_low}, {"ci_high", estimate.ci_high}};
}

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
  const LoadedModel loaded = workshop.load_model(version);
  const OwnedFeatures rows = take_rows(view.features, labels.rows);
  Matrix probabilities;
  loaded.model->probabilities(rows.view(), probabilities);
  const auto predicted = metrics::likeliest(probabilities);
  const auto holds = learners::robust_rows(*loaded.model, rows.view(), labels.ids, ball);
  if (!holds) {
    refuse(
        "version {} is of {}, which gives no gradient to attack along: it can be measured of "
        "logistic_regression and neural_head",
        version, stored->learner);
  }
  int64_t right = 0;
  for (size_t i = 0; i < predicted.size(); ++i) right += predicted[i] == labels.ids[i];
  const bool is_exact = !loaded.model->linear_bias().empty();
  return {{"version", version},
          {"method", is_exact ? "exact" : "pgd"},
          {"norm", ball.norm == learners::Norm::l2 ? "l2" : "linf"},
          {"radius", ball.radius},
          {"steps", ball.steps},
          {"audit_labels", labels.ids.size()},
          {"accuracy", share_json(right, labels.ids.size())},
          {"robust_accuracy", share_json(std::accumulate(holds->begin(), holds->end(), int64_t{0}),
                                         labels.ids.size())}};
}

}  // namespace querist::loop
