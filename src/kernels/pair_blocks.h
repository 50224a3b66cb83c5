// Dot products of the rows of one set with those of another, a block at a time, for whatever is
// then made of them; nothing larger than a block is held.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/matrix.h"

namespace querist::kernels {

// Rows of one side that a block has at most. The other side is a panel: rows laid beside each
// other, column by column.
inline constexpr size_t block_rows = 48;

// Rows of a panel: as many as the registers of this processor hold sums for, or one register's.
size_t wide_panel();
size_t narrow_panel();

// Chosen rows of dense or half features (sparse: a checked bug), read a few at a time: dense rows
// where they lie, halves widened into a scratch of `most` rows.
class RowReader {
 public:
  RowReader(const Features& x, size_t most);
  // One pointer a row; valid until the next call.
  const float* const* read(std::span<const int64_t> rows);

 private:
  const Features& x_;
  std::vector<const float*> pointers_;
  std::vector<float> scratch_;
};

// Lays 1 … width rows into panel (cols, width); the last row fills what is left.
void pack_panel(const float* const* rows, size_t n, size_t cols, size_t width, float* panel);

// out (n, width) = <a_i, row j of the panel>, n at most block_rows. out has room for block_rows
// rows. Each product is one chain of multiply-adds from the first column to the last: the same bit
// for bit in any block, on either side. Flops: 2 · cols a pair.
void panel_products(const float* const* a, size_t n, const float* panel, size_t width, size_t cols,
                    float* out);

// <row, itself> of chosen rows, by the same chain.
std::vector<float> chain_norms(const Features& x, std::span<const int64_t> rows);

}  // namespace querist::kernels
