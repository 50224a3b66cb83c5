// Squared distances of one point to a few rows, from their differences in double: exact to about
// 1e-15, which those from norms and products in float32 are not near a tie.
#pragma once

#include <span>

#include "base/matrix.h"

namespace querist::kernels {

// out[i] = |row i - point|^2; point of rows.cols numbers. 3 flops and 4 bytes a number of rows, on
// the caller's thread. A row's distance does not depend on the other rows.
void point_distances(MatrixView rows, std::span<const float> point, std::span<double> out);

}  // namespace querist::kernels
