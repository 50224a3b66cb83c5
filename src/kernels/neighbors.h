// Distances to the exact nearest neighbours among some rows, by blocks of products.
#pragma once

#include <cstdint>
#include <span>

#include "base/matrix.h"

namespace querist::kernels {

// Distances (not squared) of each row of `rows` to its k nearest others of `rows`, ascending; k is
// cut to rows.size() - 1. (rows.size(), k), row-major. x dense or half. Neighbours are found by
// float32 products of rows moved by their mean, ties to the lower, and their distances are then
// summed from the differences: of two neighbours nearer to each other than that rounding either may
// be taken. Flops: 2 m^2 d for m rows; memory: 2 m d floats, and 96 m of scores a thread.
Matrix neighbor_table(const Features& x, std::span<const int64_t> rows, size_t k);

}  // namespace querist::kernels
