// The learner of a project: the one that its settings name, or what `auto` came to.
#pragma once

#include <span>
#include <string>

#include "data/records.h"
#include "loop/learner_choice.h"
#include "storage/feature_store.h"

namespace querist::loop {

// The learner in use, with the parameters that its settings name. auto: the newest model's.
learners::ChosenLearner project_learner(storage::Store& store, const Project& project);

// The learner to train on these labels; auto looks at the evidence where it is due.
LearnerChoice learner_to_train(storage::Store& store, const Project& project,
                               std::span<const Labelled> labels, const storage::FeatureView& view,
                               const Progress& progress);

// Puts the choice into the model's row, and into the ledger where it is fresh. Call the second
// within the transaction that stores the model.
void note_choice(const LearnerChoice& choice, ModelVersion& version);
void record_choice(storage::Store& store, const ModelVersion& version);

// What progress tells of it: {"learner", "labels", "sentence", "candidates", ...}; null unless the
// newest model's learner was chosen.
Json choice_json(const ModelVersion* newest);

}  // namespace querist::loop
