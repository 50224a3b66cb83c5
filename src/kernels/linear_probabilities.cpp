// Highway source: two rows by five classes, or more rows by fewer, stay in registers, each feature
// is loaded and widened once for them.
#include "kernels/linear_probabilities.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <vector>

#include "base/check.h"
#include "base/threads.h"
#include "kernels/row_dots.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/linear_probabilities.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "hwy/contrib/math/math-inl.h"
#include "kernels/register_block-inl.h"

HWY_BEFORE_NAMESPACE();
namespace querist::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <int rows, class Value>
static void row_logits(const Value* x, size_t cols, const float* weights, const float* bias,
                       size_t classes, float* out) {
  size_t c = 0;
  for (; c + 5 <= classes; c += 5)
    block<rows, 5>(x, cols, weights + c * cols, bias + c, out + c, classes);
  const float* rest = weights + c * cols;
  switch (classes - c) {
    case 4:
      block<rows, 4>(x, cols, rest, bias + c, out + c, classes);
      break;
    case 3:
      block<rows, 3>(x, cols, rest, bias + c, out + c, classes);
      break;
    case 2:
      block<rows, 2>(x, cols, rest, bias + c, out + c, classes);
      break;
    case 1:
      block<rows, 1>(x, cols, rest, bias + c, out + c, classes);
      break;
    default:
      break;
  }
}

// As many blocks of `count` rows from i on as there are; returns the row after them.
template <int count, class Value>
static size_t blocks_of(size_t i, const Value* x, size_t rows, size_t cols, const float* weights,
                        const float* bias, size_t classes, float* out) {
  for (; i + count <= rows; i += count)
    row_logits<count>(x + i * cols, cols, weights, bias, classes, out + i * classes);
  return i;
}

template <class Value>
static void logits_of(const Value* x, size_t rows, size_t cols, const float* weights,
                      const float* bias, size_t classes, float* out) {
  size_t i = 0;
  // Few classes leave registers for more rows, so that a weight is loaded less often.
  const size_t lanes = hn::Lanes(Tag());
  if ((lanes == 16 && classes <= 4) || (lanes == 8 && classes <= 3))
    i = blocks_of<4>(i, x, rows, cols, weights, bias, classes, out);
  if (lanes == 8 && classes == 4) i = blocks_of<3>(i, x, rows, cols, weights, bias, classes, out);
  i = blocks_of<2>(i, x, rows, cols, weights, bias, classes, out);
  blocks_of<1>(i, x, rows, cols, weights, bias, classes, out);
}

void DenseLogits(const float* x, size_t rows, size_t cols, const float* weights, const float* bias,
                 size_t classes, float* out) {
  logits_of(x, rows, cols, weights, bias, classes, out);
}

void HalfLogits(const uint16_t* x, size_t rows, size_t cols, const float* weights,
                const float* bias, size_t classes, float* out) {
  logits_of(x, rows, cols, weights, bias, classes, out);
}

// The scores of a vector of rows, one vector a class.
template <int classes>
static HWY_INLINE void load_rows(Tag d, const float* at, hn::Vec<Tag>* z) {
  if constexpr (classes == 2) hn::LoadInterleaved2(d, at, z[0], z[1]);
  if constexpr (classes == 3) hn::LoadInterleaved3(d, at, z[0], z[1], z[2]);
  if constexpr (classes == 4) hn::LoadInterleaved4(d, at, z[0], z[1], z[2], z[3]);
}

template <int classes>
static HWY_INLINE void store_rows(Tag d, const hn::Vec<Tag>* z, float* at) {
  if constexpr (classes == 2) hn::StoreInterleaved2(z[0], z[1], d, at);
  if constexpr (classes == 3) hn::StoreInterleaved3(z[0], z[1], z[2], d, at);
  if constexpr (classes == 4) hn::StoreInterleaved4(z[0], z[1], z[2], z[3], d, at);
}

// What softmax_rows below does to a row, in its order, for a vector of rows at a time. Returns how
// many rows there were for whole vectors.
template <int classes>
static size_t soften_rows(float* logits, size_t rows, bool& finite) {
  const Tag d;
  const size_t lanes = hn::Lanes(d);
  auto all_finite = hn::FirstN(d, lanes);
  size_t i = 0;
  for (; i + lanes <= rows; i += lanes) {
    hn::Vec<Tag> z[classes];
    load_rows<classes>(d, logits + i * classes, z);
    auto top = z[0];
#pragma GCC unroll 4
    for (int c = 1; c < classes; ++c) top = hn::Max(top, z[c]);
    auto gaps = hn::Zero(d);
    auto sum = hn::Zero(d);
#pragma GCC unroll 4
    for (int c = 0; c < classes; ++c) {
      z[c] = hn::Sub(z[c], top);
      gaps = hn::Add(gaps, z[c]);
      z[c] = hn::Exp(d, hn::Max(hn::Set(d, -87.0f), z[c]));
      sum = hn::Add(sum, z[c]);
    }
    const auto sound = hn::IsFinite(gaps);
    all_finite = hn::And(all_finite, sound);
    const auto share = hn::Div(hn::Set(d, 1.0f), sum);
    const auto none = hn::NaN(d);
#pragma GCC unroll 4
    for (int c = 0; c < classes; ++c) z[c] = hn::IfThenElse(sound, hn::Mul(z[c], share), none);
    store_rows<classes>(d, z, logits + i * classes);
  }
  finite = finite && hn::AllTrue(d, all_finite);
  return i;
}

// The rows that are softened here, few enough classes for registers; the others are left.
size_t SoftenFew(float* logits, size_t rows, size_t classes, bool& finite) {
  if (classes == 2) return soften_rows<2>(logits, rows, finite);
  if (classes == 3) return soften_rows<3>(logits, rows, finite);
  if (classes == 4) return soften_rows<4>(logits, rows, finite);
  return 0;
}

}  // namespace querist::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace querist::kernels {

HWY_EXPORT(DenseLogits);
HWY_EXPORT(HalfLogits);
HWY_EXPORT(SoftenFew);

// Rows of logits to probabilities in place, the largest subtracted first. False if a row held a NaN
// or an infinite number: its probabilities are NaN then.
static bool softmax_rows(float* logits, size_t rows, size_t classes) {
  std::vector<size_t> bad;
  for (size_t i = 0; i < rows; ++i) {
    float* row = logits + i * classes;
    float top = row[0];
    for (size_t c = 1; c < classes; ++c) top = std::max(top, row[c]);
    float sum = 0;
    for (size_t c = 0; c < classes; ++c) sum += row[c] -= top;
    if (!std::isfinite(sum)) bad.push_back(i);
  }
  exponentiate({logits, rows * classes});
  for (size_t i = 0; i < rows; ++i) {
    float* row = logits + i * classes;
    float sum = 0;
    for (size_t c = 0; c < classes; ++c) sum += row[c];
    const float share = 1 / sum;
    for (size_t c = 0; c < classes; ++c) row[c] *= share;
  }
  for (const size_t i : bad) {
    std::fill_n(logits + i * classes, classes, std::numeric_limits<float>::quiet_NaN());
  }
  return bad.empty();
}

bool linear_probabilities(const Features& x, MatrixView weights, std::span<const float> bias,
                          std::span<float> out) {
  const size_t classes = weights.rows;
  QUERIST_CHECK(x.kind != Features::Kind::sparse && weights.cols == x.cols &&
                bias.size() == classes);
  QUERIST_CHECK(classes > 0 && out.size() == x.rows * classes);
  std::atomic<bool> finite = true;
  static constexpr size_t block_rows =
      512;  // Logits of a block stay in the second-level cache until they are softened.
  parallel_for((x.rows + block_rows - 1) / block_rows, 4, [&](size_t first, size_t last) {
    for (size_t b = first; b < last; ++b) {
      const size_t begin = b * block_rows;
      const size_t rows = std::min(block_rows, x.rows - begin);
      float* target = out.data() + begin * classes;
      if (x.kind == Features::Kind::dense) {
        HWY_DYNAMIC_DISPATCH(DenseLogits)
        (x.dense + begin * x.cols, rows, x.cols, weights.values, bias.data(), classes, target);
      } else {
        HWY_DYNAMIC_DISPATCH(HalfLogits)
        (x.half + begin * x.cols, rows, x.cols, weights.values, bias.data(), classes, target);
      }
      bool sound = true;
      const size_t done = HWY_DYNAMIC_DISPATCH(SoftenFew)(target, rows, classes, sound);
      sound = softmax_rows(target + done * classes, rows - done, classes) && sound;
      if (!sound) finite = false;
    }
  });
  return finite;
}

void linear_scores(const float* x, size_t rows, size_t cols, const float* weights,
                   const float* bias, size_t classes, float* out) {
  HWY_DYNAMIC_DISPATCH(DenseLogits)(x, rows, cols, weights, bias, classes, out);
}

}  // namespace querist::kernels
#endif
