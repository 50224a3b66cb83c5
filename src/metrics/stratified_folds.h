// Folds of cross-validation that hold every class alike.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace querist::metrics {

// A fold number for each row, every class spread evenly over the folds; the order within a class is
// seeded.
std::vector<size_t> stratified_folds(std::span<const int32_t> labels, size_t classes, size_t folds,
                                     uint64_t seed);

}  // namespace querist::metrics
