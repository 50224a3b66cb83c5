// Dot products of a few rows with up to five others, all sums in registers; compiled for every
// vector width by the sources that include it.
#if defined(QUERIST_KERNELS_REGISTER_BLOCK_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef QUERIST_KERNELS_REGISTER_BLOCK_INL_H
#undef QUERIST_KERNELS_REGISTER_BLOCK_INL_H
#else
#define QUERIST_KERNELS_REGISTER_BLOCK_INL_H
#endif

#include <hwy/highway.h>

#include "base/matrix.h"

HWY_BEFORE_NAMESPACE();
namespace querist::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<float>;

static HWY_INLINE hn::Vec<Tag> load_row(Tag d, const float* row, size_t j) {
  return hn::LoadU(d, row + j);
}
static HWY_INLINE hn::Vec<Tag> load_row(Tag d, const uint16_t* row, size_t j) {
  const hn::Rebind<hwy::float16_t, Tag> halves;
  return hn::PromoteTo(d, hn::LoadU(halves, reinterpret_cast<const hwy::float16_t*>(row) + j));
}
static HWY_INLINE float one_of(const float* row, size_t j) { return row[j]; }
static HWY_INLINE float one_of(const uint16_t* row, size_t j) { return half_to_float(row[j]); }

// The last columns, with zeros behind them: differences of zeros add nothing.
template <class Value>
static HWY_INLINE hn::Vec<Tag> load_first(Tag d, const Value* row, size_t j, size_t count) {
  Value padded[hn::MaxLanes(Tag())] = {};
  for (size_t k = 0; k < count; ++k) padded[k] = row[j + k];
  return load_row(d, padded, 0);
}

// The sums over the lanes of four vectors at once: two rounds of interleaving leave each block of
// four lanes with one part of every sum.
static HWY_INLINE void add_lanes4([[maybe_unused]] Tag d, const hn::Vec<Tag>* sums, float* out) {
#if HWY_TARGET == HWY_SCALAR
  for (size_t c = 0; c < 4; ++c) out[c] = hn::GetLane(sums[c]);
#else
  const auto low =
      hn::Add(hn::InterleaveLower(d, sums[0], sums[2]), hn::InterleaveUpper(d, sums[0], sums[2]));
  const auto high =
      hn::Add(hn::InterleaveLower(d, sums[1], sums[3]), hn::InterleaveUpper(d, sums[1], sums[3]));
  const auto parts = hn::Add(hn::InterleaveLower(d, low, high), hn::InterleaveUpper(d, low, high));
  HWY_ALIGN float lanes[hn::MaxLanes(Tag())];
  hn::Store(parts, d, lanes);
  const hn::FixedTag<float, 4> four;
  auto total = hn::Load(four, lanes);
  for (size_t part = 4; part < hn::Lanes(d); part += 4) {
    total = hn::Add(total, hn::Load(four, lanes + part));
  }
  hn::StoreU(total, four, out);
#endif
}

// The small loops are unrolled by pragma: -O2 leaves them rolled, and sums indexed by a running
// number would live in memory.
// Products of `rows` rows (1 … 4) with `classes` rows of weights (1 … 5), plus a bias each. Each
// sum is taken in the same order whatever the block, so that it does not depend on its neighbours.
template <int rows, int classes, class Value>
static HWY_INLINE void block(const Value* x, size_t cols, const float* weights, const float* bias,
                             float* out, size_t out_stride) {
  const Tag d;
  const size_t lanes = hn::Lanes(d);
  hn::Vec<Tag> sums[rows][8];
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 8
    for (int c = 0; c < 8; ++c) sums[r][c] = hn::Zero(d);
  }
  size_t j = 0;
  for (; j + lanes <= cols; j += lanes) {
    hn::Vec<Tag> values[rows];
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) values[r] = load_row(d, x + static_cast<size_t>(r) * cols, j);
#pragma GCC unroll 8
    for (int c = 0; c < classes; ++c) {
      const auto weight = hn::LoadU(d, weights + static_cast<size_t>(c) * cols + j);
#pragma GCC unroll 8
      for (int r = 0; r < rows; ++r) sums[r][c] = hn::MulAdd(values[r], weight, sums[r][c]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
    float totals[8];
    add_lanes4(d, sums[r], totals);
    if (classes > 4) add_lanes4(d, sums[r] + 4, totals + 4);
#pragma GCC unroll 8
    for (int c = 0; c < classes; ++c) {
      float sum = totals[c];
      for (size_t tail = j; tail < cols; ++tail) {
        sum += one_of(x + static_cast<size_t>(r) * cols, tail) *
               weights[static_cast<size_t>(c) * cols + tail];
      }
      out[static_cast<size_t>(r) * out_stride + static_cast<size_t>(c)] = sum + bias[c];
    }
  }
}

}  // namespace querist::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
