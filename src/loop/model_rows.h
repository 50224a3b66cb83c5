// A stored model version with the rows that it was trained on and those that measure it: what every
// report on a version begins with.
#pragma once

#include "loop/numbered_labels.h"
#include "loop/workshop.h"

namespace querist::loop {

struct ModelRows {
  Project project;
  ModelVersion version;
  LoadedModel model;
  storage::FeatureView view;  // Of the version's own featurizer.
  NumberedLabels trained_on;
  NumberedLabels audit;  // None where the audit labels were trained on: they would measure memory.
};

// version 0: the newest. Throws not_found where there is none. Takes the workshop's mutex for as
// long as features are made, and no longer: the view stays valid.
ModelRows model_rows(Workshop& workshop, int64_t version, const Progress& progress);

}  // namespace querist::loop
