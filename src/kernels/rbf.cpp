// Highway source of the Gaussian kernel: sixteen packed rows at a time meet a few others in
// registers.
#include "kernels/rbf.h"

#include <algorithm>

#include "base/check.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/rbf.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "hwy/contrib/math/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace querist::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Doubles = hn::CappedTag<double, PackedRows::group>;

// `rows` rows of a against one group.
template <size_t rows>
static HWY_INLINE void one_group(const double* HWY_RESTRICT a, size_t cols,
                                 const double* HWY_RESTRICT group, double gamma, double* out,
                                 size_t stride) {
  const Doubles d;
  constexpr size_t lanes = hn::MaxLanes(d);
  constexpr size_t vectors = PackedRows::group / lanes;
  hn::Vec<Doubles> sums[rows * vectors];
#pragma GCC unroll 32
  for (size_t s = 0; s < rows * vectors; ++s) sums[s] = hn::Zero(d);
  for (size_t j = 0; j < cols; ++j) {
#pragma GCC unroll 16
    for (size_t v = 0; v < vectors; ++v) {
      const auto b = hn::LoadU(d, group + j * PackedRows::group + v * lanes);
#pragma GCC unroll 4
      for (size_t r = 0; r < rows; ++r) {
        const auto gap = hn::Sub(hn::Set(d, a[r * cols + j]), b);
        sums[r * vectors + v] = hn::MulAdd(gap, gap, sums[r * vectors + v]);
      }
    }
  }
  const auto scale = hn::Set(d, -gamma);
  const auto lowest = hn::Set(d, -800.0);  // e to that is 0 already.
#pragma GCC unroll 4
  for (size_t r = 0; r < rows; ++r) {
#pragma GCC unroll 16
    for (size_t v = 0; v < vectors; ++v) {
      const auto power = hn::Max(lowest, hn::Mul(scale, sums[r * vectors + v]));
      hn::StoreU(hn::Exp(d, power), d, out + r * stride + v * lanes);
    }
  }
}

void RbfKernel(const double* a, size_t a_rows, const PackedRows& b, double gamma, double* out,
               size_t first_group) {
  // Eight accumulators hide the latency of the fused multiply-add and fit every register file.
  constexpr size_t vectors = PackedRows::group / hn::MaxLanes(Doubles());
  constexpr size_t strip = vectors <= 2 ? 4 : vectors <= 4 ? 2 : 1;
  const size_t stride = b.padded();
  for (size_t start = first_group * PackedRows::group; start < stride; start += PackedRows::group) {
    const double* group = b.values.data() + start * b.cols;
    size_t i = 0;
    for (; i + strip <= a_rows; i += strip)
      one_group<strip>(a + i * b.cols, b.cols, group, gamma, out + i * stride + start, stride);
    for (; i < a_rows; ++i)
      one_group<1>(a + i * b.cols, b.cols, group, gamma, out + i * stride + start, stride);
  }
}

}  // namespace querist::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace querist::kernels {

HWY_EXPORT(RbfKernel);

template <class Store>
static void each_value(const Features& x, std::span<const int64_t> rows, Store store) {
  QUERIST_CHECK(x.kind != Features::Kind::sparse);
  for (size_t i = 0; i < rows.size(); ++i) {
    const size_t start = static_cast<size_t>(rows[i]) * x.cols;
    if (x.kind == Features::Kind::dense) {
      for (size_t j = 0; j < x.cols; ++j) store(i, j, x.dense[start + j]);
    } else {
      for (size_t j = 0; j < x.cols; ++j) store(i, j, half_to_float(x.half[start + j]));
    }
  }
}

void widen_rows(const Features& x, std::span<const int64_t> rows, std::vector<double>& out) {
  out.resize(rows.size() * x.cols);
  each_value(x, rows, [&](size_t i, size_t j, float value) {
    out[i * x.cols + j] = static_cast<double>(value);
  });
}

void pack_rows(const Features& x, std::span<const int64_t> rows, PackedRows& out) {
  constexpr size_t group = PackedRows::group;
  out.rows = rows.size();
  out.cols = x.cols;
  out.values.resize(out.padded() * x.cols);
  if (out.rows % group != 0) {  // The last group is not full.
    std::fill(out.values.end() - static_cast<std::ptrdiff_t>(group * x.cols), out.values.end(), 0);
  }
  each_value(x, rows, [&](size_t i, size_t j, float value) {
    out.values[i / group * group * x.cols + j * group + i % group] = static_cast<double>(value);
  });
}

void rbf_kernel(const double* a, size_t a_rows, const PackedRows& b, double gamma, double* out,
                size_t first_group) {
  HWY_DYNAMIC_DISPATCH(RbfKernel)(a, a_rows, b, gamma, out, first_group);
}

std::vector<double> rbf_block(const Features& x, std::span<const int64_t> rows, const PackedRows& b,
                              double gamma) {
  std::vector<double> wide;
  widen_rows(x, rows, wide);
  const size_t padded = b.padded();
  std::vector<double> kernel(rows.size() * padded);
  rbf_kernel(wide.data(), rows.size(), b, gamma, kernel.data());
  // The padding goes, in place.
  for (size_t i = 1; i < rows.size() && padded != b.rows; ++i)
    std::copy_n(kernel.data() + i * padded, b.rows, kernel.data() + i * b.rows);
  kernel.resize(rows.size() * b.rows);
  return kernel;
}

}  // namespace querist::kernels
#endif
