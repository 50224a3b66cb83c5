// Normal distributions over a matrix of weights whose precision is a Kronecker product and a ridge.
#pragma once

#include <cstddef>
#include <vector>

#include "kernels/orthonormal.h"

namespace querist::learners {

// Over (outputs, width) weights, precision inputs ⊗ outputs + ridge · I.
struct KroneckerNormal {
  size_t width = 0;
  size_t outputs = 0;
  std::vector<double> input_moments;   // (width, width), symmetric, no eigenvalue negative.
  std::vector<double> output_moments;  // (outputs, outputs), the same.
  double ridge = 1;
  kernels::Eigen input_axes;
  kernels::Eigen output_axes;
};

// Fills in the axes; eigenvalues that rounding left below zero become zero.
KroneckerNormal kronecker_normal(std::vector<double> input_moments, size_t width,
                                 std::vector<double> output_moments, size_t outputs, double ridge);

// Mean minus mean. Beyond the width there may be more directions of the inputs, in which the
// precision is the ridge alone.
struct MeanDifference {
  std::vector<double> within;  // (outputs, width).
  double beyond_square = 0;    // Of the difference there, summed over the outputs.
};

// KL(p || q) in nats, at least 0, of two of the same ridge; width³ + outputs³ operations.
double divergence(const KroneckerNormal& p, const KroneckerNormal& q,
                  const MeanDifference& difference);

}  // namespace querist::learners
