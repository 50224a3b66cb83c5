// Whether numbers are what they should be: finite, or probabilities.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "base/matrix.h"

namespace querist::kernels {

// Numbers up to this have squares that add up over a million columns within a float.
inline constexpr float largest_moderate = 0x1p50f;

// Whether every number is finite and, without its sign, below `limit`. Half numbers always are
// moderate.
bool all_finite(const Features& features, float limit = std::numeric_limits<float>::infinity());

// What is wrong with a row, the worse last.
enum class RowFault : uint8_t { none, nan, too_large, infinite, not_probabilities };

// One fault a row of dense or half features; too large are those that are not moderate.
std::vector<RowFault> row_faults(const Features& features);

// Marks rows of probabilities that hold a NaN, an infinity, or are no probabilities: below
// -tolerance, above 1 + tolerance, or, where `sums_to_one`, of a sum further than the tolerance
// from 1. False if some row has a fault; faults (rows) is written to only then.
bool probabilities_sound(MatrixView probabilities, bool sums_to_one, double tolerance,
                         std::vector<RowFault>& faults);

}  // namespace querist::kernels
