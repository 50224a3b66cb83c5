// How well a model predicts the numbers of a stage's test set.
#pragma once

#include <optional>

#include "learners/learner.h"
#include "loop/simulation/stage.h"

namespace querist::loop {

// Intervals are central ones of this probability.
inline constexpr double interval_probability = 0.9;

struct NumberScores {
  double rmse = 0;
  double mae = 0;
  double r_squared = 0;
  // Where the learner tells how far targets may lie from its predictions
  // (learners/predictive_spread.h): the share of the targets in their interval, and the mean
  // pinball loss of the two ends, as quantiles of 5 and 95 %.
  std::optional<double> interval_coverage;
  std::optional<double> pinball_loss;
};

NumberScores number_scores(const learners::Model& model, const Stage& stage);

// Appends the scores to the run's curves.
void add_scores(const NumberScores& scores, SimulationRun& run);

}  // namespace querist::loop
