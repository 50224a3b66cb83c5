// A model whose probabilities somebody rescales before anyone sees them: calibrated ones, say.
#pragma once

#include <functional>
#include <memory>

#include "learners/learner.h"

namespace querist::learners {

// Replaces (rows, classes) probabilities, each row still summing to 1. Safe to call from several
// threads at once.
using Rescaler = std::function<void(Matrix& probabilities)>;

// Says what the model says, its class probabilities rescaled. The members of a committee and the
// linear head stay the model's own, and so do the bytes of save(): a rescaling is stored beside
// them. It is no model to start training from.
std::shared_ptr<const Model> rescaled(std::shared_ptr<const Model> model, Rescaler rescale);

}  // namespace querist::learners
