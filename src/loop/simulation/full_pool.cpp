// One training of the learner that the runs use.
#include "loop/simulation/full_pool.h"

#include <numeric>

#include "base/rng.h"
#include "loop/learner_choice.h"
#include "loop/out_of_fold.h"
#include "loop/signals.h"
#include "loop/simulation/label_scores.h"
#include "loop/simulation/label_sets.h"
#include "loop/simulation/number_scores.h"
#include "loop/simulation/task_choices.h"
#include "metrics/classification.h"

namespace querist::loop {

// A learner with what it is to learn, and what came of it.
struct FullPool {
  Dataset data;
  learners::ChosenLearner learner;
  std::unique_ptr<learners::Model> model;
};

static FullPool trained(std::string_view learner, const Stage& stage,
                        const std::vector<int32_t>& labels, size_t classes, uint64_t seed,
                        const Progress& progress) {
  FullPool full;
  full.data.features = stage.pool.features();
  full.data.labels = labels;
  full.data.classes = classes;
  full.learner =
      is_auto_learner(learner)
          ? choose_learner(full.data, Json(), "", "none", mix_seed(seed, 8), progress).learner
          : learner_for(learner);
  full.model = learners::train(*full.learner.card, full.data, full.learner.params, nullptr,
                               mix_seed(seed, 5), progress);
  return full;
}

std::unique_ptr<learners::Model> full_pool_model(std::string_view learner, const Stage& stage,
                                                 const std::vector<int32_t>& labels, size_t classes,
                                                 uint64_t seed, const Progress& progress) {
  return trained(learner, stage, labels, classes, seed, progress).model;
}

Matrix full_pool_probabilities(std::string_view learner, const Stage& stage,
                               const std::vector<int32_t>& labels, size_t classes, uint64_t seed,
                               const Progress& progress) {
  const FullPool full = trained(learner, stage, labels, classes, seed, progress);
  auto held_out =
      out_of_fold(*full.learner.card, full.data, full.learner.params, *full.model, seed, progress);
  if (held_out) return std::move(*held_out);
  Matrix probabilities;
  full.model->probabilities(full.data.features, probabilities);
  return probabilities;
}

double test_accuracy(const learners::Model& model, const Stage& stage) {
  Matrix probabilities;
  model.probabilities(stage.test.features(), probabilities);
  return metrics::accuracy(stage.test_labels, metrics::likeliest(probabilities));
}

static void score_full_sets(const SimulationPlan& plan, const Stage& stage, size_t labels,
                            uint64_t seed, const Progress& progress, SimulationRun& run) {
  std::vector<int64_t> all(stage.pool_sets.size());
  std::iota(all.begin(), all.end(), 0);
  const Matrix sets = label_matrix(stage.pool_sets, all, labels);
  const Dataset data{.features = stage.pool.features(),
                     .classes = labels,
                     .task = Task::multi_label,
                     .label_matrix = sets};
  const auto learner = planned_learner(plan);
  const auto scores = label_scores(
      *learners::train(*learner.card, data, learner.params, nullptr, mix_seed(seed, 5), progress),
      stage);
  run.full_micro_f1 = scores.micro_f1;
  run.full_macro_f1 = scores.macro_f1;
  run.full_subset_accuracy = scores.subset_accuracy;
  run.full_average_precision = scores.average_precision;
}

void score_full_pool(const SimulationPlan& plan, const Stage& stage, size_t classes, uint64_t seed,
                     const Progress& progress, SimulationRun& run) {
  if (plan.task == Task::multi_label) {
    return score_full_sets(plan, stage, classes, seed, progress, run);
  }
  if (plan.task == Task::classification) {
    run.full_accuracy = test_accuracy(
        *full_pool_model(plan.learner, stage, stage.pool_labels, classes, seed, progress), stage);
    return;
  }
  Dataset data;
  data.task = Task::regression;
  data.features = stage.pool.features();
  data.targets = stage.pool_targets;
  const auto learner = planned_learner(plan);
  const auto scores = number_scores(
      *learners::train(*learner.card, data, learner.params, nullptr, mix_seed(seed, 5), progress),
      stage);
  run.full_rmse = scores.rmse;
  run.full_r_squared = scores.r_squared;
}

}  // namespace querist::loop
