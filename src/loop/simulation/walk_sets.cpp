// A walk's steps that differ where examples have several labels.
#include "base/clock.h"
#include "loop/simulation/label_scores.h"
#include "loop/simulation/label_sets.h"
#include "loop/simulation/walk.h"

namespace querist::loop {

void Walk::train_sets(const Progress& progress) {
  const auto rows = rows_in(State::trained);
  const OwnedFeatures features = stage_.pool.owned(rows);
  const Matrix sets = label_matrix(stage_.pool_sets, rows, table_.classes.size());
  Dataset data;
  data.task = Task::multi_label;
  data.features = features.view();
  data.classes = table_.classes.size();
  data.label_matrix = sets;
  model_ = learners::train(*learner_.card, data, learner_.params, model_.get(), mix_seed(seed_, 5),
                           progress);
  final_ = model_;
  // Strategies of any task read probabilities that sum to one, which these do not.
  usable_ = chosen_.card->task == Task::multi_label;
}

void Walk::measure_sets() {
  add_scores(label_scores(*final_, stage_), run_);
  run_.seconds.push_back(monotonic_seconds() - started_);
}

void Walk::show_sets(const std::vector<int64_t>& labeled, Matrix& sets, Pool& pool) const {
  sets = label_matrix(stage_.pool_sets, labeled, table_.classes.size());
  pool.labels = {};
  pool.label_matrix = sets;
}

}  // namespace querist::loop
