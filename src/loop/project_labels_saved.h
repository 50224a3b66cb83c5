// Labels saved against random in a project: estimated at a training step, kept with the model, told
// by progress.
#pragma once

#include "loop/labels_saved.h"
#include "loop/numbered_labels.h"
#include "loop/workshop.h"

namespace querist::loop {

// A training step whose model of the given labels is there.
struct SavedStep {
  Workshop& workshop;
  const Project& project;
  const storage::FeatureView& view;
  const NumberedLabels& labels;  // Trained on.
  const NumberedLabels& audit;
  const learners::ChosenLearner& learner;
  const learners::Model& plain;
  const Progress& progress;
};

// Puts the estimate into version.data["labels_saved"] and adds its time to the version's seconds;
// taken over from the newest version until a tenth more audit labels or half as many labels more
// have come, or the learner is another. Nothing where the setting labels_saved is off or there are
// not enough labels.
void add_labels_saved(const SavedStep& step, ModelVersion& version);

// The keys labels_saved and labels_saved_reason of progress (docs/http.md): one of both is null.
void report_labels_saved(const Project& project, const ModelVersion* newest, Json& report);

}  // namespace querist::loop
