// Dot products of rows rounded to 16 bits, twice as many a second as in float32 and each within a
// known distance of the true one: for bounds, and for comparisons that float32 then settles where
// they are close.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/matrix.h"

namespace querist::kernels {

// Chosen rows, rounded. Memory: 2 bytes a value.
struct NarrowRows {
  size_t rows = 0;
  size_t pairs = 0;             // Of columns; an odd last one is paired with zeros.
  std::vector<int16_t> values;  // (rows, 2 · pairs)
  std::vector<float> units;     // units[i] * values[i] is about row i.
  // |<a, b> - unit_a · unit_b · product| <= error · |a| · |b|, the product taken to float32;
  // infinite where float32 cannot hold the squared length of a row or its inverse.
  double error = 0;

  const int16_t* row(size_t i) const { return values.data() + i * 2 * pairs; }
};

// Dense or half rows (sparse: a checked bug) of at most 100,000 columns (checked).
NarrowRows narrow_rows(const Features& x, std::span<const int64_t> rows);

// products (n, width) of rows row … row+n-1 of one side with the rows from `column` on of the
// other, width a multiple of 8. Columns past the last row repeat it.
struct NarrowBlock {
  size_t row = 0;
  size_t n = 0;  // At most narrow_block_rows.
  size_t column = 0;
  size_t width = 0;
  const int32_t* products = nullptr;
  bool mirrored = false;  // It stands for the pairs (column, row) as well.
  size_t task = 0;        // Those of a task come one after another, and a column is in one alone.
};
inline constexpr size_t narrow_block_rows = 48;

// Visits every pair of `a` and `b` once, on all threads, in no order. Rows of a block start at a
// multiple of 48, columns at a multiple of 8.
void meet_narrow(const NarrowRows& a, const NarrowRows& b,
                 const std::function<void(const NarrowBlock&)>& visit);
// Visits every pair of a with itself, most of them as mirrored blocks: about half of the products.
// Of the pairs (i, j) and (j, i) one thread alone hears.
void meet_narrow(const NarrowRows& a, const std::function<void(const NarrowBlock&)>& visit);
// Their number in that case.
size_t narrow_tasks(size_t rows);

}  // namespace querist::kernels
