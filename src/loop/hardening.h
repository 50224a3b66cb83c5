// Training that hardens a project's model, against typing mistakes or moved rows, and what it
// changed.
#pragma once

#include <optional>

#include "loop/numbered_labels.h"
#include "loop/workshop.h"

namespace querist::loop {

// Labels to train on, and what they look at.
struct Taught {
  featurizers::FeatureBatch features;
  Dataset data;
};

// Where the setting `augment` is typos: each text as it is and once more with the share of its
// letters that the setting `typos` says mistyped (Belinkov and Bisk 2018), the same ones each time,
// both at half weight. Nothing: the setting is none. Refuses a project without texts.
std::optional<Taught> augmented(Workshop& workshop, const Project& project,
                                const NumberedLabels& labels);

// What a version trained so keeps in data["augmentation"].
Json augmentation_json(const Project& project);
// Whether the version was trained under the project's present settings of augmentation.
bool has_same_augmentation(const ModelVersion& version, const Project& project);

// A model just trained, and what it was trained by.
struct TrainedHead {
  Workshop& workshop;
  const Project& project;
  const storage::FeatureView& view;
  const NumberedLabels& labels;
  const NumberedLabels& audit;
  std::span<const int32_t> groups;  // audit_groups' of them.
  const learners::Learner& learner;
  const Params& params;
  const learners::Model& model;        // Uncalibrated.
  const learners::Model& unaugmented;  // The same without augmentation; itself where there is none.
  uint64_t seed;
  const Progress& progress;
};

// One report a kind of hardening, empty where there is none or no audit label: {"attack":
// "typos", "amount"} or {"attack": "moved_rows", "norm", "radius", "steps"}, each with
// "audit_labels", "before" and "after": {"accuracy", "robust_accuracy"} of the same learner and
// labels without it and with it, "robust_difference", "p_value", "test" and "sentence". The
// likeliest class counts. Trains the learner once more for moved rows.
Json hardening_report(const TrainedHead& head);

}  // namespace querist::loop
