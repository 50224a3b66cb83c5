// Features by column, each value replaced by its rank among the column's distinct values, so that
// exact splits need no sorting of numbers.
#pragma once

#include <cstdint>
#include <vector>

#include "base/matrix.h"

namespace querist::learners {

// Dense and half rows: 4 bytes a value for ranks and at most 4 for distinct values; sparse rows: 12
// bytes an entry.
struct RankedColumns {
  size_t rows = 0;
  size_t cols = 0;
  bool sparse = false;
  std::vector<uint32_t> ranks;  // Dense: (cols, rows).
  // Sparse: entries that are not zero, column after column, rows ascending.
  std::vector<size_t> entry_starts;  // (cols + 1).
  std::vector<uint32_t> entry_rows;
  std::vector<uint32_t> entry_ranks;
  std::vector<uint32_t> zero_ranks;  // (cols).
  std::vector<size_t> value_starts;  // (cols + 1).
  std::vector<float> values;         // Distinct values of each column, ascending.

  size_t distinct(size_t column) const { return value_starts[column + 1] - value_starts[column]; }
  // Between the values of two ranks: at least the lower and below the upper.
  float threshold(size_t column, uint32_t lower, uint32_t upper) const;
};

RankedColumns rank_columns(const Features& features);

}  // namespace querist::learners
