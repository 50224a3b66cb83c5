// Highway source: blocks of rows that fit the second-level cache meet five rows of the other side
// at a time.
#include "kernels/row_distances.h"

#include <algorithm>

#include "base/check.h"
#include "base/threads.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/row_distances.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/register_block-inl.h"

HWY_BEFORE_NAMESPACE();
namespace querist::kernels::HWY_NAMESPACE {

static constexpr float no_bias[8] = {};

// Products of n rows of a with `width` (1 … 5) rows of b.
template <int width>
static void strip(const float* a, size_t n, size_t cols, const float* b, float* out,
                  size_t out_stride) {
  size_t i = 0;
  for (; i + 2 <= n; i += 2) {
    block<2, width>(a + i * cols, cols, b, no_bias, out + i * out_stride, out_stride);
  }
  if (i < n) block<1, width>(a + i * cols, cols, b, no_bias, out + i * out_stride, out_stride);
}

// out[i * b_rows + j] = |a_i|^2 + |b_j|^2 - 2 <a_i, b_j>, at least 0.
void BlockDistances(const float* a, const float* a_norms, size_t a_rows, const float* b,
                    const float* b_norms, size_t b_rows, size_t cols, float* out) {
  size_t j = 0;
  for (; j + 5 <= b_rows; j += 5) strip<5>(a, a_rows, cols, b + j * cols, out + j, b_rows);
  for (; j < b_rows; ++j) strip<1>(a, a_rows, cols, b + j * cols, out + j, b_rows);
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  const auto minus_two = hn::Set(d, -2.0f);
  for (size_t i = 0; i < a_rows; ++i) {
    float* row = out + i * b_rows;
    const auto own = hn::Set(d, a_norms[i]);
    size_t k = 0;
    for (; k + lanes <= b_rows; k += lanes) {
      const auto norms = hn::Add(own, hn::LoadU(d, b_norms + k));
      hn::StoreU(hn::Max(hn::Zero(d), hn::MulAdd(minus_two, hn::LoadU(d, row + k), norms)), d,
                 row + k);
    }
    const hn::CappedTag<float, 1> one;
    for (; k < b_rows; ++k) {
      const auto norms = hn::Add(hn::Set(one, a_norms[i]), hn::LoadU(one, b_norms + k));
      const auto squared = hn::MulAdd(hn::Set(one, -2.0f), hn::LoadU(one, row + k), norms);
      hn::StoreU(hn::Max(hn::Zero(one), squared), one, row + k);
    }
  }
}

void SquaredNorms(const float* rows, size_t n, size_t cols, float* out) {
  for (size_t i = 0; i < n; ++i) {
    block<1, 1>(rows + i * cols, cols, rows + i * cols, no_bias, out + i, 1);
  }
}

}  // namespace querist::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace querist::kernels {

HWY_EXPORT(BlockDistances);
HWY_EXPORT(SquaredNorms);

static constexpr size_t block_bytes = 64 << 10;  // Of the rows of one block.

std::vector<float> row_norms(MatrixView rows) {
  std::vector<float> norms(rows.rows);
  parallel_for(rows.rows, 256, [&](size_t begin, size_t end) {
    HWY_DYNAMIC_DISPATCH(SquaredNorms)
    (rows.values + begin * rows.cols, end - begin, rows.cols, norms.data() + begin);
  });
  return norms;
}

void row_distances(const DistancePanel& a, const DistancePanel& b, float* out) {
  const size_t cols = a.rows.cols;
  QUERIST_CHECK(cols == b.rows.cols);
  QUERIST_CHECK(a.norms.size() == a.rows.rows && b.norms.size() == b.rows.rows);
  const size_t step = std::max<size_t>(2, block_bytes / (4 * std::max<size_t>(cols, 1)) / 2 * 2);
  parallel_for((a.rows.rows + step - 1) / step, 1, [&](size_t first, size_t last) {
    for (size_t from = first * step; from < std::min(last * step, a.rows.rows); from += step) {
      HWY_DYNAMIC_DISPATCH(BlockDistances)
      (a.rows.values + from * cols, a.norms.data() + from, std::min(step, a.rows.rows - from),
       b.rows.values, b.norms.data(), b.rows.rows, cols, out + from * b.rows.rows);
    }
  });
}

}  // namespace querist::kernels
#endif
