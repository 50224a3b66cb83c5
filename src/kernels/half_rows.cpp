// Highway source: what float16 has as it is, normal or small, is seen a vector at a time; the rest
// go one by one.
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
using BitLane = hn::RebindToSigned<Lane>;
using HalfLane = hn::Rebind<uint16_t, BitLane>;
using WideLane = hn::ScalableTag<double>;

// Which are among float16's normal numbers: their bits say it. Conversions are left to integers, as
// some instruction sets have none that rounds.
static HWY_INLINE hn::Mask<BitLane> are_normal(BitLane d, hn::Vec<BitLane> bits) {
  const auto exponent = hn::And(hn::ShiftRight<23>(bits), hn::Set(d, 0xff));
  const auto lost = hn::And(bits, hn::Set(d, 0x1fff));
  const auto inside = hn::And(hn::Gt(exponent, hn::Set(d, 112)), hn::Lt(exponent, hn::Set(d, 143)));
  return hn::And(inside, hn::Eq(lost, hn::Zero(d)));
}

// Which are among its small ones, zero too: below 2^-14, and whole once they are multiplied by
// 2^24, as `grown` is.
static HWY_INLINE hn::Mask<BitLane> are_small(Lane d, hn::Vec<Lane> grown) {
  const auto small = hn::And(hn::Lt(grown, hn::Set(d, 1024.0f)), hn::Eq(grown, hn::Trunc(grown)));
  return hn::RebindMask(BitLane(), small);
}

static HWY_INLINE hn::Vec<Lane> grown(Lane d, hn::Vec<Lane> value) {
  return hn::Mul(hn::Abs(value), hn::Set(d, 0x1p24f));
}

static bool is_half(float value) { return half_to_float(float_to_half(value)) == value; }

bool AreHalves(const float* row, size_t n) {
  const Lane d;
  const BitLane whole;
  const size_t lanes = hn::Lanes(d);
  size_t j = 0;
  for (; j + lanes <= n; j += lanes) {
    const auto value = hn::LoadU(d, row + j);
    const auto normal = are_normal(whole, hn::BitCast(whole, value));
    if (hn::AllTrue(whole, hn::Or(normal, are_small(d, grown(d, value))))) continue;
    if (!std::all_of(row + j, row + j + lanes, is_half)) return false;
  }
  return std::all_of(row + j, row + n, is_half);
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
  const BitLane whole;
  const HalfLane narrow;
  const size_t lanes = hn::Lanes(d);
  size_t j = 0;
  for (; j + lanes <= n; j += lanes) {
    const auto value = hn::LoadU(d, row + j);
    const auto bits = hn::BitCast(whole, value);
    const auto large = grown(d, value);
    const auto small = are_small(d, large);
    if (!hn::AllTrue(whole, hn::Or(are_normal(whole, bits), small))) {
      std::transform(row + j, row + j + lanes, out + j, float_to_half);
      continue;
    }
    const auto size = hn::And(bits, hn::Set(whole, 0x7fffffff));
    const auto sign = hn::And(hn::ShiftRight<16>(bits), hn::Set(whole, 0x8000));
    const auto shifted = hn::ShiftRight<13>(hn::Sub(size, hn::Set(whole, 112 << 23)));
    const auto half = hn::IfThenElse(small, hn::ConvertTo(whole, large), shifted);
    hn::StoreU(hn::DemoteTo(narrow, hn::Or(sign, half)), narrow, out + j);
  }
  std::transform(row + j, row + n, out + j, float_to_half);
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
