// Highway source: a stretch of the double vector stays in the first-level cache while all rows pass
// over it.
#include "kernels/float_rows.h"

#include <algorithm>

#include "base/check.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/float_rows.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace querist::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Wide = hn::CappedTag<double, 8>;
using Narrow = hn::Rebind<float, Wide>;

static HWY_INLINE hn::Vec<Wide> widened(Wide d, const float* from) {
  return hn::PromoteTo(d, hn::LoadU(Narrow(), from));
}

// A row's product does not depend on how many others are taken with it.
template <size_t count>
static HWY_INLINE void dot_rows(const float* const* rows, size_t begin, const double* x, size_t n,
                                double* out) {
  const Wide d;
  const size_t lanes = hn::Lanes(d);
  hn::Vec<Wide> even[count], odd[count];
#pragma GCC unroll 4
  for (size_t r = 0; r < count; ++r) even[r] = odd[r] = hn::Zero(d);
  size_t j = 0;
  for (; j + 2 * lanes <= n; j += 2 * lanes) {
    const auto first = hn::LoadU(d, x + j);
    const auto second = hn::LoadU(d, x + j + lanes);
#pragma GCC unroll 4
    for (size_t r = 0; r < count; ++r) {
      even[r] = hn::MulAdd(widened(d, rows[r] + begin + j), first, even[r]);
      odd[r] = hn::MulAdd(widened(d, rows[r] + begin + j + lanes), second, odd[r]);
    }
  }
#pragma GCC unroll 4
  for (size_t r = 0; r < count; ++r) {
    double sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(even[r], odd[r])));
    for (size_t at = j; at < n; ++at) sum += static_cast<double>(rows[r][begin + at]) * x[at];
    out[r] += sum;
  }
}

template <size_t count>
static HWY_INLINE void add_rows(const float* const* rows, size_t begin, const double* factors,
                                double* sum, size_t n) {
  const Wide d;
  const size_t lanes = hn::Lanes(d);
  size_t j = 0;
  for (; j + lanes <= n; j += lanes) {
    auto total = hn::LoadU(d, sum + j);
#pragma GCC unroll 4
    for (size_t r = 0; r < count; ++r)
      total = hn::MulAdd(hn::Set(d, factors[r]), widened(d, rows[r] + begin + j), total);
    hn::StoreU(total, d, sum + j);
  }
  for (; j < n; ++j) {
    for (size_t r = 0; r < count; ++r)
      sum[j] += factors[r] * static_cast<double>(rows[r][begin + j]);
  }
}

// The products of each row's stretch from `begin` on with x (n) are added to out.
void DotsHere(const float* const* rows, size_t count, size_t begin, const double* x, size_t n,
              double* out) {
  size_t r = 0;
  for (; r + 4 <= count; r += 4) dot_rows<4>(rows + r, begin, x, n, out + r);
  for (; r < count; ++r) dot_rows<1>(rows + r, begin, x, n, out + r);
}

void AddHere(const float* const* rows, size_t count, size_t begin, const double* factors,
             double* sum, size_t n) {
  size_t r = 0;
  for (; r + 4 <= count; r += 4) add_rows<4>(rows + r, begin, factors + r, sum, n);
  for (; r < count; ++r) add_rows<1>(rows + r, begin, factors + r, sum, n);
}

double DotWide(const double* a, const double* b, size_t n) {
  const Wide d;
  const size_t lanes = hn::Lanes(d);
  hn::Vec<Wide> sums[4] = {hn::Zero(d), hn::Zero(d), hn::Zero(d), hn::Zero(d)};
  size_t j = 0;
  for (; j + 4 * lanes <= n; j += 4 * lanes) {
#pragma GCC unroll 4
    for (size_t v = 0; v < 4; ++v)
      sums[v] =
          hn::MulAdd(hn::LoadU(d, a + j + v * lanes), hn::LoadU(d, b + j + v * lanes), sums[v]);
  }
  const auto total = hn::Add(hn::Add(sums[0], sums[1]), hn::Add(sums[2], sums[3]));
  double sum = hn::GetLane(hn::SumOfLanes(d, total));
  for (; j < n; ++j) sum += a[j] * b[j];
  return sum;
}

}  // namespace querist::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace querist::kernels {

HWY_EXPORT(DotsHere);
HWY_EXPORT(AddHere);
HWY_EXPORT(DotWide);

static constexpr size_t stretch = 2048;

void float_row_dots(std::span<const float* const> rows, std::span<const double> x,
                    std::span<double> out) {
  QUERIST_CHECK(out.size() == rows.size());
  std::fill(out.begin(), out.end(), 0.0);
  for (size_t begin = 0; begin < x.size(); begin += stretch) {
    const size_t count = std::min(stretch, x.size() - begin);
    HWY_DYNAMIC_DISPATCH(DotsHere)
    (rows.data(), rows.size(), begin, x.data() + begin, count, out.data());
  }
}

void add_float_rows(std::span<const float* const> rows, std::span<const double> factors,
                    std::span<double> sum) {
  QUERIST_CHECK(factors.size() == rows.size());
  for (size_t begin = 0; begin < sum.size(); begin += stretch) {
    const size_t count = std::min(stretch, sum.size() - begin);
    HWY_DYNAMIC_DISPATCH(AddHere)
    (rows.data(), rows.size(), begin, factors.data(), sum.data() + begin, count);
  }
}

double dot(std::span<const double> a, std::span<const double> b) {
  QUERIST_CHECK(a.size() == b.size());
  return HWY_DYNAMIC_DISPATCH(DotWide)(a.data(), b.data(), a.size());
}

}  // namespace querist::kernels
#endif
