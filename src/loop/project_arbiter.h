// The arbiter's evidence in a project: which strategy bought which label, from its selections.
#pragma once

#include "loop/arbiter.h"
#include "loop/workshop.h"

namespace querist::loop {

// Weights for the project's next batch, from its labels as of the event.
std::vector<ArmEvidence> weigh_project_arms(Workshop& workshop, const Project& project,
                                            int64_t through_event, const storage::FeatureView& view,
                                            const Progress& progress);

// What a selection keeps of its arms: their names, and one number for each item (-1: none).
Json arms_json(std::string_view expression, std::span<const int32_t> arms);

}  // namespace querist::loop
