// One seed's split with its standardised columns and its kernel, shared by the strategies.
#pragma once

#include <vector>

#include "loop/table.h"

namespace querist::loop {

struct OneByOneStage {
  std::vector<int64_t> pool;  // Rows of the table, in the order of the draw.
  std::vector<int64_t> test;
  std::vector<int64_t> initial;      // Rows of `pool` that are labelled at the start.
  std::vector<int32_t> pool_labels;  // 0 or 1.
  std::vector<int32_t> test_labels;
  Matrix features;            // (pool + test, columns), standardised.
  std::vector<float> kernel;  // (pool, pool + test).

  MatrixView pool_features() const { return {pool.size(), features.cols, features.values.data()}; }
  const float* kernel_row(size_t i) const { return kernel.data() + i * features.rows; }
  const float* test_kernel_row(size_t i) const { return kernel_row(i) + pool.size(); }
};

// The table's numbers, (rows, columns); refuses cells that are none.
Matrix numbers_of(const Table& table);

// numbers: as numbers_of gives them. test_fraction in (0, 1).
OneByOneStage one_by_one_stage(const Table& table, const Matrix& numbers, double test_fraction,
                               size_t initial, uint64_t seed);

}  // namespace querist::loop
