// Highway source of the log densities: sixteen packed rows at a time meet a few classes in
// registers.
#include "kernels/normal_classes.h"

#include "base/check.h"
#include "kernels/expected_loss.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/normal_classes.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace querist::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Doubles = hn::CappedTag<double, PackedRows::group>;

// `count` classes from c on against one group.
template <size_t count>
static HWY_INLINE void some_classes(const double* HWY_RESTRICT group, const NormalClasses& classes,
                                    size_t c, size_t stride, double* out) {
  const Doubles d;
  constexpr size_t lanes = hn::MaxLanes(d);
  constexpr size_t vectors = PackedRows::group / lanes;
  const size_t cols = classes.cols;
  const double* means = classes.means.data() + c * cols;
  const double* weights = classes.weights.data() + c * cols;
  hn::Vec<Doubles> sums[count * vectors];
#pragma GCC unroll 32
  for (size_t s = 0; s < count * vectors; ++s) sums[s] = hn::Zero(d);
  for (size_t j = 0; j < cols; ++j) {
#pragma GCC unroll 4
    for (size_t k = 0; k < count; ++k) {
      const auto mean = hn::Set(d, means[k * cols + j]);
      const auto weight = hn::Set(d, weights[k * cols + j]);
#pragma GCC unroll 16
      for (size_t v = 0; v < vectors; ++v) {
        const auto gap = hn::Sub(hn::LoadU(d, group + j * PackedRows::group + v * lanes), mean);
        auto& sum = sums[k * vectors + v];
        sum = hn::MulAdd(hn::Mul(gap, weight), gap, sum);
      }
    }
  }
#pragma GCC unroll 4
  for (size_t k = 0; k < count; ++k) {
    const auto offset = hn::Set(d, classes.offsets[c + k]);
#pragma GCC unroll 16
    for (size_t v = 0; v < vectors; ++v)
      hn::StoreU(hn::Sub(offset, sums[k * vectors + v]), d, out + (c + k) * stride + v * lanes);
  }
}

void LogDensities(const PackedRows& rows, const NormalClasses& classes, size_t stride,
                  double* out) {
  // Eight accumulators hide the latency of the fused multiply-add and fit every register file.
  constexpr size_t vectors = PackedRows::group / hn::MaxLanes(Doubles());
  constexpr size_t strip = vectors <= 2 ? 4 : vectors <= 4 ? 2 : 1;
  for (size_t start = 0; start < rows.padded(); start += PackedRows::group) {
    const double* group = rows.values.data() + start * rows.cols;
    size_t c = 0;
    for (; c + strip <= classes.classes; c += strip)
      some_classes<strip>(group, classes, c, stride, out + start);
    for (; c < classes.classes; ++c) some_classes<1>(group, classes, c, stride, out + start);
  }
}

}  // namespace querist::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace querist::kernels {

HWY_EXPORT(LogDensities);

NormalClasses::NormalClasses(size_t class_count, size_t col_count)
    : classes(class_count),
      cols(col_count),
      means(class_count * col_count),
      weights(class_count * col_count),
      offsets(class_count, no_class) {}

void log_densities(const PackedRows& rows, const NormalClasses& classes, size_t stride,
                   double* out) {
  QUERIST_CHECK(rows.cols == classes.cols && stride >= rows.padded());
  HWY_DYNAMIC_DISPATCH(LogDensities)(rows, classes, stride, out);
}

}  // namespace querist::kernels
#endif
