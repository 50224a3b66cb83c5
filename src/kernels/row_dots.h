// Dot products of feature rows with one vector, in float32 or float16, and e to the power of a
// whole array.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/matrix.h"

namespace querist::kernels {

// out[i] = <row rows[i] of x, point>; x dense or half, point of x.cols numbers. The sum of a row
// does not depend on the other rows.
void row_dots(const Features& x, std::span<const int64_t> rows, std::span<const float> point,
              std::span<float> out);

// out[i] = <row rows[i] of x, itself>.
void row_squared_norms(const Features& x, std::span<const int64_t> rows, std::span<float> out);

// values[i] = exp(values[i]), relative error below 2e-6 for inputs in [-80, 80]; smaller inputs
// give about 0.
void exponentiate(std::span<float> values);

}  // namespace querist::kernels
