// How many rows a model still gets right when each may be moved within a ball: white-box attacks on
// linear and neural heads.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "learners/learner.h"
#include "learners/robustness/ball.h"

namespace querist::learners {

// One a row: whether the model says the label wherever the row is moved in the ball. Of a linear
// softmax head exactly: where every margin exceeds radius times the dual norm of the two classes'
// difference of weights. Of a neural head as far as ball.steps steps of projected gradients on the
// margin find (Madry et al. 2018): an upper bound. Nothing for other models: they give no gradient.
// Refuses a neural head that reads its rows sparse.
std::optional<std::vector<uint8_t>> robust_rows(const Model& model, const Features& x,
                                                std::span<const int32_t> labels, const Ball& ball);

}  // namespace querist::learners
