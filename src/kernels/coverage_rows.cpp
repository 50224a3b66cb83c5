// Highway source of the coverage engine's loops: built once for each kind of processor, chosen at
// run time.
#include "kernels/coverage_rows.h"

#include <algorithm>

#include "base/check.h"
#include "base/threads.h"
#include "kernels/softmax_regression.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/coverage_rows.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "hwy/contrib/math/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace querist::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<float>;

// Below exp(-87) a kernel covers nothing.
template <class D>
static HWY_INLINE hn::Vec<D> kernel_of(D d, const float* squared, hn::Vec<D> minus_gamma) {
  const auto power = hn::Mul(minus_gamma, hn::LoadU(d, squared));
  return hn::Exp(d, hn::Max(hn::Set(d, -87.0f), power));
}

template <class D>
static HWY_INLINE hn::Vec<D> growth(D d, const float* squared, const float* best,
                                    hn::Vec<D> minus_gamma) {
  return hn::Max(hn::Zero(d), hn::Sub(kernel_of(d, squared, minus_gamma), hn::LoadU(d, best)));
}

float CoverageGain(const float* HWY_RESTRICT squared, float gamma,
                   const float* HWY_RESTRICT weights, const float* HWY_RESTRICT best, size_t n) {
  const Tag d;
  const hn::CappedTag<float, 1> one;
  const size_t lanes = hn::Lanes(d);
  const auto minus_gamma = hn::Set(d, -gamma);
  auto even = hn::Zero(d);
  auto odd = hn::Zero(d);
  size_t j = 0;
  for (; j + 2 * lanes <= n; j += 2 * lanes) {
    even =
        hn::MulAdd(hn::LoadU(d, weights + j), growth(d, squared + j, best + j, minus_gamma), even);
    odd = hn::MulAdd(hn::LoadU(d, weights + j + lanes),
                     growth(d, squared + j + lanes, best + j + lanes, minus_gamma), odd);
  }
  float sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(even, odd)));
  for (; j < n; ++j) {
    sum += weights[j] * hn::GetLane(growth(one, squared + j, best + j, hn::Set(one, -gamma)));
  }
  return sum;
}

void Cover(const float* HWY_RESTRICT squared, float gamma, float* HWY_RESTRICT best, size_t n) {
  const Tag d;
  const hn::CappedTag<float, 1> one;
  const auto minus_gamma = hn::Set(d, -gamma);
  size_t j = 0;
  for (; j + hn::Lanes(d) <= n; j += hn::Lanes(d)) {
    const auto kernel = kernel_of(d, squared + j, minus_gamma);
    hn::StoreU(hn::Max(hn::LoadU(d, best + j), kernel), d, best + j);
  }
  for (; j < n; ++j) {
    const auto kernel = kernel_of(one, squared + j, hn::Set(one, -gamma));
    hn::StoreU(hn::Max(hn::LoadU(one, best + j), kernel), one, best + j);
  }
}

}  // namespace querist::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace querist::kernels {

HWY_EXPORT(CoverageGain);
HWY_EXPORT(Cover);

Matrix widened_rows(const Features& features, std::span<const int64_t> rows) {
  QUERIST_CHECK(features.kind != Features::Kind::sparse);
  Matrix out(rows.size(), features.cols);
  parallel_for(rows.size(), 256, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      QUERIST_CHECK(rows[i] >= 0 && static_cast<size_t>(rows[i]) < features.rows);
      const size_t start = static_cast<size_t>(rows[i]) * features.cols;
      if (features.kind == Features::Kind::dense) {
        std::copy_n(features.dense + start, features.cols, out.row(i).data());
      } else {
        widen_halves(features.half + start, features.cols, out.row(i).data());
      }
    }
  });
  return out;
}

float coverage_gain(std::span<const float> squared, float gamma, std::span<const float> weights,
                    std::span<const float> best) {
  QUERIST_CHECK(squared.size() == weights.size() && squared.size() == best.size());
  return HWY_DYNAMIC_DISPATCH(CoverageGain)(squared.data(), gamma, weights.data(), best.data(),
                                            squared.size());
}

void cover(std::span<const float> squared, float gamma, std::span<float> best) {
  QUERIST_CHECK(squared.size() == best.size());
  HWY_DYNAMIC_DISPATCH(Cover)(squared.data(), gamma, best.data(), best.size());
}

}  // namespace querist::kernels
#endif
