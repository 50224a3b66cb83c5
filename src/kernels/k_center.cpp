// One pass over the candidates a centre: a dot product and a minimum each.
#include "kernels/k_center.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "kernels/row_dots.h"

namespace querist::kernels {

std::vector<CenterPick> farthest_first(const Features& x, std::span<const int64_t> candidates,
                                       std::span<const int64_t> labeled, size_t count, size_t first,
                                       std::span<const float> costs) {
  QUERIST_CHECK(candidates.empty() || first < candidates.size());
  count = std::min(count, candidates.size());
  std::vector<float> norms(candidates.size());
  std::vector<float> dots(candidates.size());
  row_squared_norms(x, candidates, norms);
  std::vector<float> nearest(candidates.size(), std::numeric_limits<float>::infinity());
  const auto add_center = [&](int64_t row) {
    const Matrix center = dense_rows(x, std::span(&row, 1));
    float norm = 0;
    row_squared_norms(center, std::vector<int64_t>{0}, std::span(&norm, 1));
    row_dots(x, candidates, center.row(0), dots);
    for (size_t i = 0; i < dots.size(); ++i) {
      nearest[i] = std::min(nearest[i], std::max(0.0f, norms[i] + norm - 2 * dots[i]));
    }
  };
  for (const int64_t row : labeled) add_center(row);

  std::vector<CenterPick> picks;
  std::vector<char> picked(candidates.size(), 0);
  while (picks.size() < count) {
    size_t farthest = candidates.size();
    if (picks.empty() && labeled.empty()) {
      farthest = first;
    } else {
      float most = -1;
      for (size_t i = 0; i < nearest.size(); ++i) {
        // Distances are compared by their squares, and so are the prices.
        const float worth = costs.empty() ? nearest[i] : nearest[i] / (costs[i] * costs[i]);
        if (!picked[i] && worth > most) {
          most = worth;
          farthest = i;
        }
      }
    }
    picked[farthest] = 1;
    picks.push_back({farthest, std::sqrt(nearest[farthest])});
    add_center(candidates[farthest]);
  }
  return picks;
}

}  // namespace querist::kernels
