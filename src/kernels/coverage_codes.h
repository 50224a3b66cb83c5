// Upper bounds of similarities from 16-bit products, as numbers or rounded up to a byte, and sums
// of such bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/narrow_distances.h"
#include "kernels/similarity.h"

namespace querist::kernels {

// out (n, width): what the similarity of each pair is at most, but for 3e-7 of it. No balls.
void similarity_bounds(Kernel kernel, const NarrowBlock& block, NarrowSide rows, NarrowSide columns,
                       float* out);

// Targets are rows and candidates columns, all arrays whole. A cover of infinity leaves a row out.
struct CodeSides {
  NarrowSide rows, columns;
  const float* row_best;
  const float* column_best;
  double* column_sums;
  double* row_sums;
  bool covered;  // Not every cover that the block meets is 0.
};

// code = bound · slope + offset, cut off to 0 … 255: across the columns of a row (n, stride) and,
// four at a time, down the rows of a column (n / 4, width). True if one lies at 256 or above. Adds
// what bounds exceed the cover of their row to the sums of columns, and that of their column, where
// the block is mirrored, to the sums of rows.
bool similarity_codes(Kernel kernel, const NarrowBlock& block, const CodeSides& sides, float slope,
                      float offset, uint8_t* across, size_t stride, uint32_t* down);

// Levels have six bits more than codes, so that how well a target is covered is hardly rounded.
inline constexpr float levels_a_code = 64;

// sums[c] += sum over rows r of min(growth[r], max(0, 64 · rows[r][c] - before[r])). n: a multiple
// of 4, at most 2^16; columns: of 64.
void add_levels(const uint8_t* const* rows, const uint16_t* before, const uint16_t* growth,
                size_t n, size_t columns, uint32_t* sums);

}  // namespace querist::kernels
