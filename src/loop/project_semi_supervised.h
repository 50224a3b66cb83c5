// Pseudo-labels for a project's new model version, and what the store keeps of them.
#pragma once

#include <optional>

#include "loop/numbered_labels.h"
#include "loop/semi_supervised.h"
#include "loop/workshop.h"

namespace querist::loop {

// A training step whose model of the given labels is there, and judged.
struct SupervisedStep {
  Workshop& workshop;
  const Project& project;
  const storage::FeatureView& view;
  const NumberedLabels& labels;
  const NumberedLabels& audit;
  const learners::ChosenLearner& learner;
  uint64_t seed;
  const LoadedModel& before;  // What predicted until now.
  const Progress& progress;
};

// Where the project's setting asks for pseudo-labels and they stand the test, `model` predicts with
// them from here on, calibrated by given labels that were held out, and keeps the one of the given
// labels alone beside it. The report goes to version.data["semi_supervised"], with the files of the
// other head and of the pseudo-labels and that head's calibration and decision, which the final
// ones take the place of; the version's seconds grow by what it took. Nothing happens where the
// setting is off.
void add_pseudo_labels(const SupervisedStep& step, LoadedModel& model, ModelVersion& version);

// An event that says what was used, or taken back; nothing where neither was. Call it in the
// transaction that stores the version.
void record_pseudo_labels(storage::Store& store, const ModelVersion& version, int64_t number);

// Whether the version was trained under the project's present settings of pseudo-labels.
bool has_same_ssl(const ModelVersion& version, const Project& project);

// The version's pseudo-labels, of rows of the pool; empty where it has none.
pseudo_labelers::PseudoLabels pseudo_labels_of(storage::Store& store, const ModelVersion& version);

}  // namespace querist::loop
