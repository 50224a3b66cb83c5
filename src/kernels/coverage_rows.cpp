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

HWY_BEFORE_NAMESPACE();
namespace querist::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void FinishDistances(float* HWY_RESTRICT values, size_t n, float own,
                     const float* HWY_RESTRICT others) {
  const hn::ScalableTag<float> d;
  const auto base = hn::Set(d, own);
  size_t j = 0;
  for (; j + hn::Lanes(d) <= n; j += hn::Lanes(d)) {
    const auto sum = hn::Add(hn::Add(hn::LoadU(d, values + j), base), hn::LoadU(d, others + j));
    hn::StoreU(hn::Max(hn::Zero(d), sum), d, values + j);
  }
  for (; j < n; ++j) values[j] = std::max(0.0f, values[j] + own + others[j]);
}

void ScaleValues(float* values, size_t n, float scale) {
  const hn::ScalableTag<float> d;
  const auto factor = hn::Set(d, scale);
  size_t j = 0;
  for (; j + hn::Lanes(d) <= n; j += hn::Lanes(d)) {
    hn::StoreU(hn::Mul(factor, hn::LoadU(d, values + j)), d, values + j);
  }
  for (; j < n; ++j) values[j] *= scale;
}

float CoverageGain(const float* HWY_RESTRICT kernel, const float* HWY_RESTRICT weights,
                   const float* HWY_RESTRICT best, size_t n) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  const auto growth = [&](size_t j) {
    return hn::Max(hn::Zero(d), hn::Sub(hn::LoadU(d, kernel + j), hn::LoadU(d, best + j)));
  };
  auto even = hn::Zero(d);
  auto odd = hn::Zero(d);
  size_t j = 0;
  for (; j + 2 * lanes <= n; j += 2 * lanes) {
    even = hn::MulAdd(hn::LoadU(d, weights + j), growth(j), even);
    odd = hn::MulAdd(hn::LoadU(d, weights + j + lanes), growth(j + lanes), odd);
  }
  float sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(even, odd)));
  for (; j < n; ++j) sum += weights[j] * std::max(0.0f, kernel[j] - best[j]);
  return sum;
}

}  // namespace querist::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace querist::kernels {

HWY_EXPORT(FinishDistances);
HWY_EXPORT(ScaleValues);
HWY_EXPORT(CoverageGain);

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

void finish_distances(std::span<float> values, float own, std::span<const float> others) {
  QUERIST_CHECK(values.size() == others.size());
  HWY_DYNAMIC_DISPATCH(FinishDistances)(values.data(), values.size(), own, others.data());
}

void scale_values(std::span<float> values, float scale) {
  HWY_DYNAMIC_DISPATCH(ScaleValues)(values.data(), values.size(), scale);
}

float coverage_gain(std::span<const float> kernel, std::span<const float> weights,
                    std::span<const float> best) {
  QUERIST_CHECK(kernel.size() == weights.size() && kernel.size() == best.size());
  return HWY_DYNAMIC_DISPATCH(CoverageGain)(kernel.data(), weights.data(), best.data(),
                                            kernel.size());
}

}  // namespace querist::kernels
#endif
