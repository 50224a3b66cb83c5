// Highway source of the row products: built once for each kind of processor, chosen at run time.
#include "kernels/row_dots.h"

#include "base/check.h"
#include "base/threads.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/row_dots.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "hwy/contrib/math/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace querist::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Two accumulators hide the latency of the fused multiply-add; the tail is added in plain order.
template <class Load>
static HWY_INLINE float dot(size_t n, Load load, const float* HWY_RESTRICT b) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  auto even = hn::Zero(d);
  auto odd = hn::Zero(d);
  size_t j = 0;
  for (; j + 2 * lanes <= n; j += 2 * lanes) {
    even = hn::MulAdd(load.wide(d, j), hn::LoadU(d, b + j), even);
    odd = hn::MulAdd(load.wide(d, j + lanes), hn::LoadU(d, b + j + lanes), odd);
  }
  float sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(even, odd)));
  for (; j < n; ++j) sum += load.one(j) * b[j];
  return sum;
}

struct FloatRow {
  const float* HWY_RESTRICT values;
  template <class D>
  HWY_INLINE auto wide(D d, size_t j) const {
    return hn::LoadU(d, values + j);
  }
  HWY_INLINE float one(size_t j) const { return values[j]; }
};

struct HalfRow {
  const uint16_t* HWY_RESTRICT values;
  template <class D>
  HWY_INLINE auto wide(D d, size_t j) const {
    const hn::Rebind<hwy::float16_t, D> halves;
    return hn::PromoteTo(d, hn::LoadU(halves, reinterpret_cast<const hwy::float16_t*>(values) + j));
  }
  HWY_INLINE float one(size_t j) const { return half_to_float(values[j]); }
};

void RowDots(const Features& x, const int64_t* rows, size_t n, const float* point, float* out) {
  for (size_t i = 0; i < n; ++i) {
    const size_t start = static_cast<size_t>(rows[i]) * x.cols;
    out[i] = x.kind == Features::Kind::dense ? dot(x.cols, FloatRow{x.dense + start}, point)
                                             : dot(x.cols, HalfRow{x.half + start}, point);
  }
}

void Exponentiate(float* values, size_t n) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  const auto lowest = hn::Set(d, -87.0f);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    hn::StoreU(hn::Exp(d, hn::Max(lowest, hn::LoadU(d, values + i))), d, values + i);
  }
  for (; i < n; ++i) {
    const hn::CappedTag<float, 1> one;
    hn::StoreU(hn::Exp(one, hn::Max(hn::Set(one, -87.0f), hn::LoadU(one, values + i))), one,
               values + i);
  }
}

}  // namespace querist::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace querist::kernels {

HWY_EXPORT(RowDots);
HWY_EXPORT(Exponentiate);

void row_dots(const Features& x, std::span<const int64_t> rows, std::span<const float> point,
              std::span<float> out) {
  QUERIST_CHECK(x.kind != Features::Kind::sparse && point.size() == x.cols &&
                out.size() == rows.size());
  parallel_for(rows.size(), 1024, [&](size_t begin, size_t end) {
    HWY_DYNAMIC_DISPATCH(RowDots)
    (x, rows.data() + begin, end - begin, point.data(), out.data() + begin);
  });
}

void row_squared_norms(const Features& x, std::span<const int64_t> rows, std::span<float> out) {
  QUERIST_CHECK(x.kind != Features::Kind::sparse && out.size() == rows.size());
  parallel_for(rows.size(), 1024, [&](size_t begin, size_t end) {
    std::vector<float> wide(x.cols);
    for (size_t i = begin; i < end; ++i) {
      const size_t start = static_cast<size_t>(rows[i]) * x.cols;
      for (size_t j = 0; j < x.cols; ++j) {
        wide[j] =
            x.kind == Features::Kind::dense ? x.dense[start + j] : half_to_float(x.half[start + j]);
      }
      HWY_DYNAMIC_DISPATCH(RowDots)(x, rows.data() + i, 1, wide.data(), out.data() + i);
    }
  });
}

void exponentiate(std::span<float> values) {
  HWY_DYNAMIC_DISPATCH(Exponentiate)(values.data(), values.size());
}

}  // namespace querist::kernels
#endif
