// Distances to the exact nearest neighbours among some rows, by blocks of products.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/matrix.h"

namespace querist::kernels {

// The k nearest others of each of m rows, nearest first, ties to the lower place.
struct NeighborLists {
  size_t k = 0;
  std::vector<int32_t> indices;  // (m, k): places among the rows given.
  std::vector<float> squared;    // (m, k): their squared distances.
};

// k is cut to rows.size() - 1. x dense or half. Neighbours are found by
// float32 products of rows moved by their mean, ties to the lower, and their distances are then
// summed from the differences: of two neighbours nearer to each other than that rounding either may
// be taken. Flops: 2 m^2 d for m rows; memory: 2 m d floats, and 96 m of scores a thread.
NeighborLists neighbor_lists(const Features& x, std::span<const int64_t> rows, size_t k);

// The same as distances (not squared) alone, ascending; (m, k).
Matrix neighbor_table(const Features& x, std::span<const int64_t> rows, size_t k);

}  // namespace querist::kernels
