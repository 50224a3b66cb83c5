// How well a model predicts the label sets of a stage's test set.
#pragma once

#include "learners/learner.h"
#include "loop/simulation/stage.h"

namespace querist::loop {

// A label is predicted where its probability is above one half.
struct LabelScores {
  double micro_f1 = 0;
  double macro_f1 = 0;  // A label that no row has and none is said to have counts as 0.
  double subset_accuracy = 0;
  double hamming_loss = 0;
  double average_precision = 0;  // Mean over the labels that some row has; 0 where none has any.
  double log_loss = 0;           // Mean over rows and labels.
};

LabelScores label_scores(const learners::Model& model, const Stage& stage);

// Appends the scores to the run's curves.
void add_scores(const LabelScores& scores, SimulationRun& run);

}  // namespace querist::loop
