// The Gaussian kernel of a whole pool and the votes of its labelled rows, kept from one call to
// the next: a new label changes one block of votes, and no kernel value is computed twice.
#pragma once

#include <span>
#include <vector>

#include "data/pool.h"

namespace querist::strategies {

// The votes are summed by blocks of rows of the pool, then over the blocks, whatever was kept: so
// what is kept never changes an answer. Not thread-safe: one caller at a time.
class ParzenMemory {
 public:
  // Whether the numbers for so many rows and classes are few enough: at most 400 MB.
  static bool fits(size_t rows, size_t classes);

  // Brings everything up to date with the pool's embeddings and labels; gamma above 0. Flops: 3 ·
  // cols and one exponential a pair of rows, once; then one addition a labelled row of each block
  // that changed, and one a block, for every row.
  void look_at(const Pool& pool, double gamma);

  const double* kernel_row(int64_t row) const {
    return kernel_.data() + static_cast<size_t>(row) * rows_;
  }
  std::span<const double> votes() const { return votes_; }  // (classes, rows).

 private:
  void compute_kernel(const Features& x);
  void sum_block(size_t block);

  const void* address_ = nullptr;
  size_t rows_ = 0, cols_ = 0, classes_ = 0;
  double gamma_ = 0;
  std::vector<double> kernel_;       // (rows, rows).
  std::vector<int32_t> class_of_;    // By row; -1 without a label.
  std::vector<double> block_votes_;  // (blocks, classes, rows).
  std::vector<double> votes_;
};

}  // namespace querist::strategies
