// The step of a project's posterior from model to model, kept with the version for the rule
// error_stability.
#pragma once

#include "loop/numbered_labels.h"
#include "loop/workshop.h"
#include "stopping/stopping.h"

namespace querist::loop {

// A training step whose model of the given labels is there.
struct ModelStep {
  Workshop& workshop;
  const Project& project;
  const storage::FeatureView& view;
  const NumberedLabels& labels;  // Trained on.
  const Params& params;          // Of the learner.
  const LoadedModel& before;     // What predicted until now.
  const std::shared_ptr<const learners::Model>& plain;
};

// Puts {before_from_after, after_from_before} into version.data["posterior_step"], and adds its
// time to the version's seconds. Nothing where the version before is another learner's or has
// other params, features or classes, or where the labels it learnt from no longer stand.
void add_posterior_step(const ModelStep& step, ModelVersion& version);

// What add_posterior_step kept, if anything.
std::optional<stopping::PosteriorStep> posterior_step_of(const ModelVersion& version);

}  // namespace querist::loop
