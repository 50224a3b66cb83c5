// What becomes of the champion when a model is trained, and the one transaction that stores both.
#pragma once

#include <optional>
#include <string>

#include "loop/gate.h"
#include "loop/numbered_labels.h"
#include "loop/workshop.h"

namespace querist::loop {

struct Succession {
  std::optional<Gate> gate;  // Nothing: there is no champion yet.
  int64_t against = 0;
  bool takes_over = true;
  std::string reason = "the first model";
};

// Compares the likeliest classes of both on the audit labels. That is a test of the models: how
// classes are weighed in a decision is the project's wish and passes no gate.
Succession succession(Workshop& workshop, const Project& project, const LoadedModel& model,
                      const NumberedLabels& audit, const storage::FeatureView& view);

// Model, metrics, gate, alias and cycle in one transaction: a crash keeps all of it or nothing.
// Gives the model its version.
void store_model(Workshop& workshop, const ModelVersion& version, const Json& metrics,
                 const Succession& next, LoadedModel& model, Cycle& cycle);

}  // namespace querist::loop
