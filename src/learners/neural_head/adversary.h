// The worst place near a row: fast gradients (Goodfellow, Shlens and Szegedy 2015), projected ones
// (Madry et al. 2018).
#pragma once

#include <functional>

#include "learners/neural_head/network.h"
#include "learners/neural_head/rows.h"
#include "learners/robustness/ball.h"

namespace querist::learners {

// The gradient by a batch's rows as the network reads them, (rows, inputs), given that by the
// scores and the tape of a forward pass without dropout. Dense networks alone.
void input_gradient(const Network& network, const Tape& tape, const Matrix& by_scores, Matrix& out);

// Given the scores, writes what is to grow: the gradient by them.
using Ascent = std::function<void(const Matrix& scores, Matrix& by_scores)>;

// Moves each row of batch.dense uphill, never out of the ball around where it was; the ball is in
// the units of the features, the rows are as the form has them. One step goes the whole radius,
// each of several 2.5 · radius / steps. Refuses networks that read sparse rows.
void worsen(const Network& network, const InputForm& form, const Ball& ball, const Ascent& ascent,
            Batch& batch);

}  // namespace querist::learners
