// A walk's steps that differ where numbers are predicted.
#include "base/clock.h"
#include "loop/simulation/number_scores.h"
#include "loop/simulation/task_choices.h"
#include "loop/simulation/walk.h"

namespace querist::loop {

std::vector<float> Walk::targets_of(const std::vector<int64_t>& rows) const {
  std::vector<float> targets;
  for (const int64_t row : rows) targets.push_back(stage_.pool_targets[static_cast<size_t>(row)]);
  return targets;
}

void Walk::train_numbers(const Progress& progress) {
  const auto rows = rows_in(State::trained);
  const OwnedFeatures features = stage_.pool.owned(rows);
  Dataset data;
  data.task = Task::regression;
  data.features = features.view();
  data.targets = targets_of(rows);
  const uint64_t seed = mix_seed(seed_, 5);
  model_ = learners::train(*learner_.card, data, learner_.params, model_.get(), seed, progress);
  final_ = model_;
  if (const auto committee = planned_committee(chosen_, plan_)) {
    committee_ =
        learners::train(*committee->card, data, committee->params, nullptr, seed, progress);
  }
}

void Walk::measure_numbers() {
  add_scores(number_scores(*final_, stage_), run_);
  run_.seconds.push_back(monotonic_seconds() - started_);
}

void Walk::show_numbers(const std::vector<int64_t>& labeled, Numbers& numbers, Pool& pool) const {
  pool.classes = 1;
  pool.labels = {};
  pool.targets = numbers.targets = targets_of(labeled);
  const Signal read = chosen_.card->needs | chosen_.card->reads;
  if (has(read, Signal::predictions)) {
    model_->predictions(stage_.pool.features(), numbers.predictions);
    pool.predictions = numbers.predictions;
  }
  const learners::Model& members = committee_ ? *committee_ : *model_;
  if (has(read, Signal::member_predictions) && members.members() > 0) {
    members.member_predictions(stage_.pool.features(), numbers.member_predictions);
    pool.member_predictions = numbers.member_predictions;
  }
}

}  // namespace querist::loop
