// Highway source: four sums by a few vectors of columns stay in registers while a tile of rows that
// lies in the first-level cache passes by.
#include "kernels/combined_rows.h"

#include <algorithm>
#include <vector>

#include "base/check.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/combined_rows.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace querist::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Lane = hn::CappedTag<float, 16>;
// As many as leave registers for the rows: there are 32 of the widest, 16 of the others.
static constexpr int wide = hn::MaxLanes(Lane()) == 16 ? 4 : 2;

template <int heads, int vectors>
static HWY_INLINE void add_block(const TileSums& sums, const float* x, size_t x_stride) {
  const Lane d;
  const size_t lanes = hn::Lanes(d);
  hn::Vec<Lane> total[heads][vectors];
#pragma GCC unroll 4
  for (int h = 0; h < heads; ++h) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v)
      total[h][v] = hn::LoadU(
          d, sums.out + static_cast<size_t>(h) * sums.out_stride + static_cast<size_t>(v) * lanes);
  }
  for (const uint32_t i : sums.used) {
    hn::Vec<Lane> row[vectors];
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v)
      row[v] = hn::LoadU(d, x + i * x_stride + static_cast<size_t>(v) * lanes);
#pragma GCC unroll 4
    for (int h = 0; h < heads; ++h) {
      const auto share = hn::Set(d, sums.coefficients[static_cast<size_t>(h) * sums.pitch + i]);
#pragma GCC unroll 4
      for (int v = 0; v < vectors; ++v) total[h][v] = hn::MulAdd(share, row[v], total[h][v]);
    }
  }
#pragma GCC unroll 4
  for (int h = 0; h < heads; ++h) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v)
      hn::StoreU(
          total[h][v], d,
          sums.out + static_cast<size_t>(h) * sums.out_stride + static_cast<size_t>(v) * lanes);
  }
}

template <int vectors>
static void add_heads(TileSums sums, size_t heads, const float* x, size_t x_stride) {
  for (; heads >= 4; heads -= 4) {
    add_block<4, vectors>(sums, x, x_stride);
    sums.coefficients += 4 * sums.pitch;
    sums.out += 4 * sums.out_stride;
  }
  if (heads == 3) add_block<3, vectors>(sums, x, x_stride);
  if (heads == 2) add_block<2, vectors>(sums, x, x_stride);
  if (heads == 1) add_block<1, vectors>(sums, x, x_stride);
}

// Adds one tile's rows to all whole vectors of columns; returns how many columns these are.
size_t AddTile(const TileSums& sums, size_t heads, const float* x, size_t x_stride, size_t cols) {
  const size_t lanes = hn::Lanes(Lane());
  TileSums here = sums;
  size_t j = 0;
  for (; j + wide * lanes <= cols; j += wide * lanes) {
    here.out = sums.out + j;
    add_heads<wide>(here, heads, x + j, x_stride);
  }
  for (; j + lanes <= cols; j += lanes) {
    here.out = sums.out + j;
    add_heads<1>(here, heads, x + j, x_stride);
  }
  return j;
}

}  // namespace querist::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace querist::kernels {

HWY_EXPORT(AddTile);

static constexpr size_t tile_rows = 64;
static constexpr size_t most_lanes = 16;

// The last columns, too few for a vector, with zeros beside them.
static void add_rest(MatrixView coefficients, std::span<const uint32_t> used, const Strip& x,
                     size_t first, float* out, size_t out_stride) {
  const size_t count = x.cols - first;
  const size_t heads = coefficients.rows;
  std::vector<float> padded(used.size() * most_lanes), sums(heads * most_lanes);
  std::vector<float> shares(heads * used.size());
  std::vector<uint32_t> all(used.size());
  for (size_t n = 0; n < used.size(); ++n) {
    all[n] = static_cast<uint32_t>(n);
    std::copy_n(x.values + used[n] * x.stride + first, count, padded.data() + n * most_lanes);
    for (size_t k = 0; k < heads; ++k) shares[k * used.size() + n] = coefficients.row(k)[used[n]];
  }
  HWY_DYNAMIC_DISPATCH(AddTile)
  ({shares.data(), used.size(), all, sums.data(), most_lanes}, heads, padded.data(), most_lanes,
   most_lanes);
  for (size_t k = 0; k < heads; ++k)
    std::copy_n(sums.data() + k * most_lanes, count, out + k * out_stride + first);
}

void combine_rows(MatrixView coefficients, std::span<const uint32_t> used, const Strip& x,
                  float* out, size_t out_stride) {
  QUERIST_CHECK(x.cols <= x.stride && x.cols <= out_stride);
  QUERIST_CHECK(used.empty() || used.back() < coefficients.cols);
  for (size_t k = 0; k < coefficients.rows; ++k) std::fill_n(out + k * out_stride, x.cols, 0.0f);
  size_t whole = 0;
  for (size_t from = 0; from < used.size(); from += tile_rows) {
    const auto tile = used.subspan(from, std::min(tile_rows, used.size() - from));
    whole = HWY_DYNAMIC_DISPATCH(AddTile)(
        {coefficients.values, coefficients.cols, tile, out, out_stride}, coefficients.rows,
        x.values, x.stride, x.cols);
  }
  if (!used.empty() && whole < x.cols) add_rest(coefficients, used, x, whole, out, out_stride);
}

}  // namespace querist::kernels
#endif
