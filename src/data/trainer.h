// How a floor that must not know learners has a model trained: the loop hands it a function.
#pragma once

#include <functional>

#include "data/dataset.h"

namespace querist {

// Writes (features.rows, classes) probabilities.
using Predictor = std::function<void(const Features& features, Matrix& probabilities)>;

// A data set in, what its model predicts out.
using Trainer = std::function<Predictor(const Dataset& data)>;

}  // namespace querist
