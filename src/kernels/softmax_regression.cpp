// Register-blocked products of tall feature rows with a few weight vectors, compiled for every
// vector width.
#include "kernels/softmax_regression.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/softmax_regression.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace querist::kernels {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Lane = hn::CappedTag<float, 16>;
using Vec = hn::Vec<Lane>;

// Zero-padded copy of the last columns of a row, so that the tail is one more vector step.
static HWY_INLINE Vec tail_of(Lane d, const float* from, size_t count) {
  HWY_ALIGN float padded[16] = {};
  std::memcpy(padded, from, count * sizeof(float));
  return hn::Load(d, padded);
}

// The small loops are unrolled by pragma: -O2 leaves them rolled, and sums indexed by a running
// number would live in memory.
// R rows against K heads: R*K sums stay in registers. Each sum is taken in the same order whatever
// R and K are.
template <size_t R, size_t K>
static HWY_INLINE void score_block(const float* x, size_t cols, const float* weights,
                                   const float* bias, size_t heads, float* scores) {
  const Lane d;
  const size_t lanes = hn::Lanes(d);
  Vec sums[R][K];
#pragma GCC unroll 8
  for (size_t r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (size_t k = 0; k < K; ++k) sums[r][k] = hn::Zero(d);
  }
  size_t j = 0;
  for (; j + lanes <= cols; j += lanes) {
    Vec w[K];
#pragma GCC unroll 8
    for (size_t k = 0; k < K; ++k) w[k] = hn::LoadU(d, weights + k * cols + j);
#pragma GCC unroll 8
    for (size_t r = 0; r < R; ++r) {
      const Vec row = hn::LoadU(d, x + r * cols + j);
#pragma GCC unroll 8
      for (size_t k = 0; k < K; ++k) sums[r][k] = hn::MulAdd(row, w[k], sums[r][k]);
    }
  }
  if (j < cols) {
    Vec w[K];
#pragma GCC unroll 8
    for (size_t k = 0; k < K; ++k) w[k] = tail_of(d, weights + k * cols + j, cols - j);
#pragma GCC unroll 8
    for (size_t r = 0; r < R; ++r) {
      const Vec row = tail_of(d, x + r * cols + j, cols - j);
#pragma GCC unroll 8
      for (size_t k = 0; k < K; ++k) sums[r][k] = hn::MulAdd(row, w[k], sums[r][k]);
    }
  }
#pragma GCC unroll 8
  for (size_t r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (size_t k = 0; k < K; ++k) {
      scores[r * heads + k] = hn::GetLane(hn::SumOfLanes(d, sums[r][k])) + bias[k];
    }
  }
}

template <size_t K>
static void score_heads(const float* x, size_t rows, size_t cols, const float* weights,
                        const float* bias, size_t heads, float* scores) {
  size_t i = 0;
  for (; i + 4 <= rows; i += 4) {
    score_block<4, K>(x + i * cols, cols, weights, bias, heads, scores + i * heads);
  }
  for (; i < rows; ++i) {
    score_block<1, K>(x + i * cols, cols, weights, bias, heads, scores + i * heads);
  }
}

static void dense_scores_here(const float* x, size_t rows, size_t cols, const float* weights,
                              const float* bias, size_t heads, float* scores) {
  size_t k = 0;
  for (; k + 3 <= heads; k += 3) {
    score_heads<3>(x, rows, cols, weights + k * cols, bias + k, heads, scores + k);
  }
  if (heads - k == 2)
    score_heads<2>(x, rows, cols, weights + k * cols, bias + k, heads, scores + k);
  if (heads - k == 1)
    score_heads<1>(x, rows, cols, weights + k * cols, bias + k, heads, scores + k);
}

template <size_t R, size_t K>
static HWY_INLINE void outer_block(const float* x, size_t cols, const float* residuals,
                                   size_t heads, float* gradient) {
  const Lane d;
  const size_t lanes = hn::Lanes(d);
  Vec share[R][K];
#pragma GCC unroll 8
  for (size_t r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (size_t k = 0; k < K; ++k) share[r][k] = hn::Set(d, residuals[r * heads + k]);
  }
  size_t j = 0;
  for (; j + lanes <= cols; j += lanes) {
    Vec row[R];
#pragma GCC unroll 8
    for (size_t r = 0; r < R; ++r) row[r] = hn::LoadU(d, x + r * cols + j);
#pragma GCC unroll 8
    for (size_t k = 0; k < K; ++k) {
      Vec sum = hn::LoadU(d, gradient + k * cols + j);
#pragma GCC unroll 8
      for (size_t r = 0; r < R; ++r) sum = hn::MulAdd(row[r], share[r][k], sum);
      hn::StoreU(sum, d, gradient + k * cols + j);
    }
  }
  for (; j < cols; ++j) {
#pragma GCC unroll 8
    for (size_t k = 0; k < K; ++k) {
      float sum = gradient[k * cols + j];
#pragma GCC unroll 8
      for (size_t r = 0; r < R; ++r) sum += x[r * cols + j] * residuals[r * heads + k];
      gradient[k * cols + j] = sum;
    }
  }
}

template <size_t K>
static void outer_heads(const float* x, size_t rows, size_t cols, const float* residuals,
                        size_t heads, float* gradient) {
  size_t i = 0;
  for (; i + 4 <= rows; i += 4) {
    outer_block<4, K>(x + i * cols, cols, residuals + i * heads, heads, gradient);
  }
  for (; i < rows; ++i) {
    outer_block<1, K>(x + i * cols, cols, residuals + i * heads, heads, gradient);
  }
}

static void add_outer_products_here(const float* x, size_t rows, size_t cols,
                                    const float* residuals, size_t heads, float* gradient) {
  size_t k = 0;
  if (heads % 3 == 1 && heads > 1) {  // Four in one pass rather than three and one.
    outer_heads<4>(x, rows, cols, residuals, heads, gradient);
    k = 4;
  }
  for (; k + 3 <= heads; k += 3) {
    outer_heads<3>(x, rows, cols, residuals + k, heads, gradient + k * cols);
  }
  if (heads - k == 2) outer_heads<2>(x, rows, cols, residuals + k, heads, gradient + k * cols);
  if (heads - k == 1) outer_heads<1>(x, rows, cols, residuals + k, heads, gradient + k * cols);
}

static void widen_halves_here(const uint16_t* halves, size_t count, float* out) {
  const Lane d;
  const hn::Rebind<hwy::float16_t, Lane> half;
  const size_t lanes = hn::Lanes(d);
  const auto* from = reinterpret_cast<const hwy::float16_t*>(halves);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(hn::PromoteTo(d, hn::LoadU(half, from + i)), d, out + i);
  }
  for (; i < count; ++i) out[i] = half_to_float(halves[i]);
}

}  // namespace HWY_NAMESPACE
}  // namespace querist::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace querist::kernels {

HWY_EXPORT(dense_scores_here);
HWY_EXPORT(add_outer_products_here);
HWY_EXPORT(widen_halves_here);

void dense_scores(const float* x, size_t rows, size_t cols, const float* weights, const float* bias,
                  size_t heads, float* scores) {
  HWY_DYNAMIC_DISPATCH(dense_scores_here)(x, rows, cols, weights, bias, heads, scores);
}

void add_outer_products(const float* x, size_t rows, size_t cols, const float* residuals,
                        size_t heads, float* gradient) {
  HWY_DYNAMIC_DISPATCH(add_outer_products_here)(x, rows, cols, residuals, heads, gradient);
}

void widen_halves(const uint16_t* halves, size_t count, float* out) {
  HWY_DYNAMIC_DISPATCH(widen_halves_here)(halves, count, out);
}

// One head's score of R rows, each summed in the order of its entries; R sums at a time hide how
// long an addition takes.
template <size_t R>
static void one_head_scores(const CsrView& x, size_t row, const float* weights, float bias,
                            float* scores) {
  float sums[R];
  int64_t shared = INT64_MAX;
  for (size_t r = 0; r < R; ++r) {
    sums[r] = bias;
    shared = std::min(shared, x.offsets[row + r + 1] - x.offsets[row + r]);
  }
  for (int64_t step = 0; step < shared; ++step) {
#pragma GCC unroll 8
    for (size_t r = 0; r < R; ++r) {
      const int64_t at = x.offsets[row + r] + step;
      sums[r] += x.values[at] * weights[x.columns[at]];
    }
  }
  for (size_t r = 0; r < R; ++r) {
    for (int64_t at = x.offsets[row + r] + shared; at < x.offsets[row + r + 1]; ++at)
      sums[r] += x.values[at] * weights[x.columns[at]];
    scores[r] = sums[r];
  }
}

void sparse_scores(const CsrView& x, size_t begin, size_t end, const float* weights,
                   const float* bias, size_t heads, float* scores) {
  if (heads == 1) {
    size_t i = begin;
    for (; i + 4 <= end; i += 4) one_head_scores<4>(x, i, weights, *bias, scores + (i - begin));
    for (; i < end; ++i) one_head_scores<1>(x, i, weights, *bias, scores + (i - begin));
    return;
  }
  for (size_t i = begin; i < end; ++i) {
    float* row = scores + (i - begin) * heads;
    std::copy_n(bias, heads, row);
    for (int64_t at = x.offsets[i]; at < x.offsets[i + 1]; ++at) {
      const float* column = weights + static_cast<size_t>(x.columns[at]) * heads;
      const float value = x.values[at];
      for (size_t k = 0; k < heads; ++k) row[k] += value * column[k];
    }
  }
}

void add_sparse_outer_products(const CsrView& x, size_t begin, size_t end, const float* residuals,
                               size_t heads, float* gradient) {
  for (size_t i = begin; i < end; ++i) {
    const float* row = residuals + (i - begin) * heads;
    for (int64_t at = x.offsets[i]; at < x.offsets[i + 1]; ++at) {
      float* column = gradient + static_cast<size_t>(x.columns[at]) * heads;
      const float value = x.values[at];
      for (size_t k = 0; k < heads; ++k) column[k] += value * row[k];
    }
  }
}

}  // namespace querist::kernels
#endif
