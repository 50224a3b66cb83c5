// Highway source: differences are taken after widening, so that they lose nothing.
#include "kernels/point_distances.h"

#include "base/check.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/point_distances.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace querist::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void PointDistances(const float* HWY_RESTRICT rows, size_t n, size_t cols,
                    const float* HWY_RESTRICT point, double* HWY_RESTRICT out) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> narrow;
  const size_t lanes = hn::Lanes(d);
  for (size_t i = 0; i < n; ++i, rows += cols) {
    auto even = hn::Zero(d);
    auto odd = hn::Zero(d);
    const auto gap = [&](size_t j) HWY_ATTR {
      return hn::Sub(hn::PromoteTo(d, hn::LoadU(narrow, rows + j)),
                     hn::PromoteTo(d, hn::LoadU(narrow, point + j)));
    };
    size_t j = 0;
    for (; j + 2 * lanes <= cols; j += 2 * lanes) {
      const auto first = gap(j);
      const auto second = gap(j + lanes);
      even = hn::MulAdd(first, first, even);
      odd = hn::MulAdd(second, second, odd);
    }
    double sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(even, odd)));
    for (; j < cols; ++j) {
      const double difference = static_cast<double>(rows[j]) - static_cast<double>(point[j]);
      sum += difference * difference;
    }
    out[i] = sum;
  }
}

}  // namespace querist::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace querist::kernels {

HWY_EXPORT(PointDistances);

void point_distances(MatrixView rows, std::span<const float> point, std::span<double> out) {
  QUERIST_CHECK(point.size() == rows.cols && out.size() == rows.rows);
  HWY_DYNAMIC_DISPATCH(PointDistances)
  (rows.values, rows.rows, rows.cols, point.data(), out.data());
}

}  // namespace querist::kernels
#endif
