// Highway source: two rows by five classes stay in registers, each feature is loaded and widened
// once for them.
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

template <class Value>
static void logits_of(const Value* x, size_t rows, size_t cols, const float* weights,
                      const float* bias, size_t classes, float* out) {
  size_t i = 0;
  for (; i + 2 <= rows; i += 2)
    row_logits<2>(x + i * cols, cols, weights, bias, classes, out + i * classes);
  if (i < rows) row_logits<1>(x + i * cols, cols, weights, bias, classes, out + i * classes);
}

void DenseLogits(const float* x, size_t rows, size_t cols, const float* weights, const float* bias,
                 size_t classes, float* out) {
  logits_of(x, rows, cols, weights, bias, classes, out);
}

void HalfLogits(const uint16_t* x, size_t rows, size_t cols, const float* weights,
                const float* bias, size_t classes, float* out) {
  logits_of(x, rows, cols, weights, bias, classes, out);
}

}  // namespace querist::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace querist::kernels {

HWY_EXPORT(DenseLogits);
HWY_EXPORT(HalfLogits);

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
      if (!softmax_rows(target, rows, classes)) finite = false;
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
