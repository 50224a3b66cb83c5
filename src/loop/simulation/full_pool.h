// A model of all of the pool's labels: what a simulation's curves may climb to.
#pragma once

#include "learners/learner.h"
#include "loop/simulation/stage.h"

namespace querist::loop {

// Trained on every row of the pool with the given labels; auto is whatever it comes to on them.
std::unique_ptr<learners::Model> full_pool_model(std::string_view learner, const Stage& stage,
                                                 const std::vector<int32_t>& labels, size_t classes,
                                                 uint64_t seed, const Progress& progress);

// (pool rows, classes): what models of the other four fifths of the pool think of each row; of a
// pool too small for folds, or of one class, what the model of all of it does.
Matrix full_pool_probabilities(std::string_view learner, const Stage& stage,
                               const std::vector<int32_t>& labels, size_t classes, uint64_t seed,
                               const Progress& progress);

// The model's accuracy on the stage's test set.
double test_accuracy(const learners::Model& model, const Stage& stage);

// Trains it and writes the scores that the run's task has: full_accuracy; full_rmse and
// full_r_squared; full_micro_f1 and what else there is of several labels.
void score_full_pool(const SimulationPlan& plan, const Stage& stage, size_t classes, uint64_t seed,
                     const Progress& progress, SimulationRun& run);

}  // namespace querist::loop
