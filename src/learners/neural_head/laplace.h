// A normal posterior over the last layer's weights around where training ended (MacKay 1992;
// Kristiadi et al. 2020), its covariance a Kronecker product (Ritter et al. 2018).
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "learners/neural_head/network.h"

namespace querist::learners {

// Precision of the weights: A ⊗ B + precision · I, in the eigenvectors of A (of the layer's inputs
// and a 1) and of B (of the outputs).
struct Laplace {
  std::vector<double> axes;           // (width, width), one a row; empty: there is no posterior.
  std::vector<double> values;         // (width).
  std::vector<double> output_axes;    // (outputs, outputs), one a row; empty: the outputs' own.
  std::vector<double> output_values;  // (outputs).
  double precision = 1;

  // Shrinks one row's scores so that their probabilities take the posterior's variance into account
  // (MacKay 1992: scores by sqrt(1 + pi / 8 variance)).
  void soften(Loss loss, std::span<const float> inputs, std::span<float> scores) const;
};

// Blocks of the last layer's inputs with their scores and row weights; calls `take` for each.
using EachBlock = std::function<void(
    const std::function<void(const Matrix&, const Matrix&, std::span<const float>)>& take)>;

// The prior's precision is where the evidence is largest (MacKay's fixed point): a start only, for
// the evidence takes the weights for the prior's mode, and where Adam stopped they are none.
Laplace fit_laplace(Loss loss, const Layer& last, const EachBlock& blocks);

// Rows that training has not seen, under the posterior of the rest: the last layer's inputs, the
// scores, and what was wanted with each row's weight.
struct HeldOut {
  Laplace posterior;
  Matrix inputs, scores, targets;
  std::vector<float> weights;
};

// One over the mean square of the layer's weights: of the priors the one they are likeliest under.
double precision_of(const Layer& last);

// The prior's precision, by half powers of ten from ten times `usual` to a hundred-thousandth of
// it: that under which the held-out rows have the least log loss (ties: the larger).
double choose_precision(Loss loss, double usual, std::vector<HeldOut> parts);

}  // namespace querist::learners
