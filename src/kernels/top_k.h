// The k largest of many numbers, in one pass over them.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace querist::kernels {

// Indices of the k largest values, largest first; ties go to the lower index, NaN is never among
// them, so fewer than k come where fewer are numbers. Bytes: the values once; O(n + k log k)
// comparisons on values in random order, and at most O(n) more whatever the order.
std::vector<size_t> top_k(std::span<const float> values, size_t k);
std::vector<size_t> top_k(std::span<const double> values, size_t k);

}  // namespace querist::kernels
