// Expected average precision of a ranking when one row is left out of it (Wang et al. 2018), in
// O(rows^1.5) a class where the paper's recurrences cost O(rows³).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/matrix.h"

namespace querist::kernels {

// For every row the sum over classes of the expected average precision of the other rows ranked by
// that class's probability, as scikit-activeml's expected_average_precision defines it; equal to
// the recurrences to about 1e-13. Memory: about 300 bytes a row and thread.
std::vector<double> expected_average_precision(MatrixView probabilities);

// Nodes in (0, 1) and weights of Gauss-Legendre quadrature, exact for polynomials of degree up to
// 2 · count - 1. Flops: O(count²).
struct Quadrature {
  std::vector<double> nodes;
  std::vector<double> weights;
};
Quadrature gauss_legendre(size_t count);

}  // namespace querist::kernels
