// Information density: how close a row lies to all the others on average (Settles and Craven 2008).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/matrix.h"

namespace querist::kernels {

// For each of `rows` the mean over `others` of 1 / (1 + Euclidean distance); a row counts itself
// where it is among them. x dense or half. Flops: 2 · cols a pair, each pair once where the two
// lists are the same; memory: 136 bytes a row and blocks. Relative error below 1e-5, and for rows
// whose distances are not small against their lengths below 1e-6.
std::vector<double> inverse_distance_density(const Features& x, std::span<const int64_t> rows,
                                             std::span<const int64_t> others);

// The same of the cosine, at least 0, from the mean of the unit rows: 4 · cols flops a row. A row
// of zeros has density 0.
std::vector<double> cosine_density(const Features& x, std::span<const int64_t> rows,
                                   std::span<const int64_t> others);

}  // namespace querist::kernels
