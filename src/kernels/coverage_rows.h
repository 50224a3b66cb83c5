// The two inner loops of the coverage engine, one candidate's distances at a time, and the rows
// they start from.
#pragma once

#include <cstdint>
#include <span>

#include "base/matrix.h"

namespace querist::kernels {

// Copies the chosen rows over all threads, halves widened; refuses sparse (a checked bug).
Matrix widened_rows(const Features& features, std::span<const int64_t> rows);

// sum over j of weights[j] * max(0, exp(-gamma * squared[j]) - best[j]): what a candidate at these
// squared distances adds. The order of the sum depends on the length alone.
float coverage_gain(std::span<const float> squared, float gamma, std::span<const float> weights,
                    std::span<const float> best);

// best[j] = max(best[j], exp(-gamma * squared[j])), the same exponentials bit for bit.
void cover(std::span<const float> squared, float gamma, std::span<float> best);

}  // namespace querist::kernels
