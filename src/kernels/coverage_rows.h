// The two inner loops of the coverage engine, one row of the kernel matrix at a time, and the rows
// they start from.
#pragma once

#include <cstdint>
#include <span>

#include "base/matrix.h"

namespace querist::kernels {

// Copies the chosen rows over all threads, halves widened; refuses sparse (a checked bug).
Matrix widened_rows(const Features& features, std::span<const int64_t> rows);

// values[j] = max(0, values[j] + own + others[j]): from -2 <a, b_j> to |a - b_j|^2.
void finish_distances(std::span<float> values, float own, std::span<const float> others);

// sum over j of weights[j] * max(0, kernel[j] - best[j]). The order of the sum depends on the
// length alone.
float coverage_gain(std::span<const float> kernel, std::span<const float> weights,
                    std::span<const float> best);

// values[j] = scale * values[j].
void scale_values(std::span<float> values, float scale);

}  // namespace querist::kernels
