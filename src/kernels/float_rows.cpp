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

double DotHere(const float* row, const double* x, size_t count) {
  const Wide d;
  const size_t lanes = hn::Lanes(d);
  auto even = hn::Zero(d);
  auto odd = hn::Zero(d);
  size_t j = 0;
  for (; j + 2 * lanes <= count; j += 2 * lanes) {
    even = hn::MulAdd(widened(d, row + j), hn::LoadU(d, x + j), even);
    odd = hn::MulAdd(widened(d, row + j + lanes), hn::LoadU(d, x + j + lanes), odd);
  }
  double sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(even, odd)));
  for (; j < count; ++j) sum += static_cast<double>(row[j]) * x[j];
  return sum;
}

void AddHere(const float* row, double factor, double* sum, size_t count) {
  const Wide d;
  const size_t lanes = hn::Lanes(d);
  const auto share = hn::Set(d, factor);
  size_t j = 0;
  for (; j + lanes <= count; j += lanes) {
    hn::StoreU(hn::MulAdd(share, widened(d, row + j), hn::LoadU(d, sum + j)), d, sum + j);
  }
  for (; j < count; ++j) sum[j] += factor * static_cast<double>(row[j]);
}

}  // namespace querist::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace querist::kernels {

HWY_EXPORT(DotHere);
HWY_EXPORT(AddHere);

static constexpr size_t stretch = 2048;

void float_row_dots(std::span<const std::vector<float>* const> rows, std::span<const double> x,
                    std::span<double> out) {
  QUERIST_CHECK(out.size() == rows.size());
  std::fill(out.begin(), out.end(), 0.0);
  for (size_t begin = 0; begin < x.size(); begin += stretch) {
    const size_t count = std::min(stretch, x.size() - begin);
    for (size_t r = 0; r < rows.size(); ++r)
      out[r] += HWY_DYNAMIC_DISPATCH(DotHere)(rows[r]->data() + begin, x.data() + begin, count);
  }
}

void add_float_rows(std::span<const std::vector<float>* const> rows,
                    std::span<const double> factors, std::span<double> sum) {
  QUERIST_CHECK(factors.size() == rows.size());
  for (size_t begin = 0; begin < sum.size(); begin += stretch) {
    const size_t count = std::min(stretch, sum.size() - begin);
    for (size_t r = 0; r < rows.size(); ++r) HWY_DYNAMIC_DISPATCH(AddHere)
    (rows[r]->data() + begin, factors[r], sum.data() + begin, count);
  }
}

}  // namespace querist::kernels
#endif
