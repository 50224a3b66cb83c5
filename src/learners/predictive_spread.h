// How far the targets of rows may lie from what a model predicts, where the model itself says so.
#pragma once

#include <optional>
#include <vector>

#include "learners/learner.h"

namespace querist::learners {

// One a row: the standard deviation of its target, in the targets' unit, by a Gaussian process:
// that of the function and that of the noise together. Nothing for other models: what members tell
// apart is the function alone, so that intervals of targets would be too narrow.
std::optional<std::vector<double>> predictive_spread(const Model& model, const Features& x);

}  // namespace querist::learners
