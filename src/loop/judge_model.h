// What a training step learns of its model from the training labels alone, kept with the version:
// its calibration, its temperature and how it decides.
#pragma once

#include <functional>
#include <optional>

#include "data/records.h"
#include "loop/workshop.h"

namespace querist::loop {

// A model just trained, and what it was trained by. version: described but for its data, of which
// the augmentation alone is there.
struct TrainedModel {
  const Project& project;
  const learners::Learner& learner;
  const Params& params;
  const Dataset& data;
  const learners::Model& model;
  const ModelVersion& version;
  const Dataset* augmented = nullptr;  // What it learnt from where that is each row twice.
};

// Fewer labels of a class than this, and the likeliest class is predicted.
inline constexpr size_t decision_labels_per_class = 20;

// {calibration, decision} for the version's data. What the project's newest version learnt is
// carried over while the labels have hardly grown (out_of_fold_growth) and nothing else has
// changed.
Json judge_model(const TrainedModel& trained, const std::optional<ModelVersion>& newest,
                 const Progress& progress);

// The same of a model with pseudo-labels: by held-out predictions of the given labels, which
// `held_out` is asked for only where somebody reads them; nothing: there are too few labels.
Json judge_final_model(const TrainedModel& trained,
                       const std::function<std::optional<Matrix>()>& held_out);

// Whether the version was calibrated and decides as the project's settings say.
bool is_judged_by_settings(const ModelVersion& version, const Project& project);

}  // namespace querist::loop
