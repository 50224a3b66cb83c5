// A thousand rows at a time stand as centres.
#include "kernels/nearest_rows.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "base/check.h"
#include "base/interrupt.h"
#include "base/threads.h"
#include "kernels/center_panels.h"

namespace querist::kernels {

void nearest_rows(const Features& x, std::span<const int64_t> rows, std::span<const int64_t> others,
                  std::span<int32_t> which, std::span<float> squared) {
  constexpr size_t step = 1024;
  QUERIST_CHECK(which.size() == rows.size() && squared.size() == rows.size());
  std::ranges::fill(which, 0);
  std::ranges::fill(squared, std::numeric_limits<float>::infinity());
  std::vector<int32_t> nearest(rows.size());
  std::vector<float> moved(rows.size());  // Distances of rounded differences; not the answer.
  for (size_t from = 0; from < others.size(); from += step) {
    const Matrix centers =
        dense_rows(x, others.subspan(from, std::min(step, others.size() - from)));
    nearest_centers(x, rows, CenterPanels(centers), nearest, moved);
    parallel_for(rows.size(), 1024, [&](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) {
        const auto center = static_cast<size_t>(nearest[i]);
        const float here = squared_distance(x, rows[i], centers.row(center));
        if (!(here < squared[i])) continue;
        squared[i] = here;
        which[i] = static_cast<int32_t>(from + center);
      }
    });
    check_interrupt();
  }
}

}  // namespace querist::kernels
