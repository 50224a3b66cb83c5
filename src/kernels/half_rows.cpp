// Highway source: a number is one of float16's if narrowing and widening gives it back.
#include "kernels/half_rows.h"

#include <algorithm>
#include <cmath>

#include "base/matrix.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/half_rows.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace querist::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using Lane = hn::CappedTag<float, 16>;
using HalfLane = hn::Rebind<hwy::float16_t, Lane>;
using WideLane = hn::ScalableTag<double>;

bool AreHalves(const float* row, size_t n) {
  const Lane d;
  const HalfLane narrow;
  const size_t lanes = hn::Lanes(d);
  size_t j = 0;
  for (; j + lanes <= n; j += lanes) {
    const auto value = hn::LoadU(d, row + j);
    if (!hn::AllTrue(d, hn::Eq(hn::PromoteTo(d, hn::DemoteTo(narrow, value)), value))) return false;
  }
  for (; j < n; ++j) {
    if (!(half_to_float(float_to_half(row[j])) == row[j])) return false;
  }
  return true;
}

double SumOfSquares(const float* row, size_t n) {
  const WideLane d;
  const hn::Rebind<float, WideLane> narrow;
  const size_t lanes = hn::Lanes(d);
  auto even = hn::Zero(d);
  auto odd = hn::Zero(d);
  size_t j = 0;
  for (; j + 2 * lanes <= n; j += 2 * lanes) {
    const auto a = hn::PromoteTo(d, hn::LoadU(narrow, row + j));
    const auto b = hn::PromoteTo(d, hn::LoadU(narrow, row + j + lanes));
    even = hn::MulAdd(a, a, even);
    odd = hn::MulAdd(b, b, odd);
  }
  double sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(even, odd)));
  for (; j < n; ++j) sum += double{row[j]} * row[j];
  return sum;
}

void NarrowToHalves(const float* row, size_t n, uint16_t* out) {
  const Lane d;
  const HalfLane narrow;
  const size_t lanes = hn::Lanes(d);
  auto* to = reinterpret_cast<hwy::float16_t*>(out);
  size_t j = 0;
  for (; j + lanes <= n; j += lanes)
    hn::StoreU(hn::DemoteTo(narrow, hn::LoadU(d, row + j)), narrow, to + j);
  for (; j < n; ++j) out[j] = float_to_half(row[j]);
}

}  // namespace querist::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace querist::kernels {

HWY_EXPORT(AreHalves);
HWY_EXPORT(SumOfSquares);
HWY_EXPORT(NarrowToHalves);

// Infinity narrows to itself and widens back, so it is asked about on its own.
bool are_halves(std::span<const float> row) {
  return HWY_DYNAMIC_DISPATCH(AreHalves)(row.data(), row.size()) &&
         std::isfinite(sum_of_squares(row));
}

double sum_of_squares(std::span<const float> row) {
  return HWY_DYNAMIC_DISPATCH(SumOfSquares)(row.data(), row.size());
}

void narrow_to_halves(std::span<const float> row, uint16_t* out) {
  HWY_DYNAMIC_DISPATCH(NarrowToHalves)(row.data(), row.size(), out);
}

}  // namespace querist::kernels
#endif
