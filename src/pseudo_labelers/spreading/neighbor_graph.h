// A graph of near rows, and labels spread along it.
#pragma once

#include <cstdint>
#include <span>

#include "base/matrix.h"

namespace querist::pseudo_labelers {

// Each row of `rows` and its k nearest others, an edge counted from either end; the weight of an
// edge is max(0, cosine)^3, and S = D^-1/2 W D^-1/2 with D the sums of W's rows (Zhou et al. 2004).
// A row without an edge stands alone. Flops: 2 m^2 d for m rows; memory: 16 · m · k bytes.
Csr spreading_graph(const Features& geometry, std::span<const int64_t> rows, size_t k);

// F <- alpha S F + (1 - alpha) Y, `sweeps` times from F = Y; (m, classes). seeds: for each of the m
// rows its class, or -1.
Matrix spread(const Csr& graph, std::span<const int32_t> seeds, size_t classes, double alpha,
              size_t sweeps);

// Class-mass normalisation (Zhu, Ghahramani and Lafferty 2003): the columns of F are scaled so that
// the classes' sums over the rows without a seed are in the proportions of `prior`; then every row
// is scaled to sum to 1. A row that nothing reached gets the prior.
void normalise_class_mass(Matrix& spread, std::span<const int32_t> seeds,
                          std::span<const double> prior);

}  // namespace querist::pseudo_labelers
