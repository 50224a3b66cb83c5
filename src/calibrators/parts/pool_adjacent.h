// The rising curve that is nearest to points, by pooling adjacent violators (Ayer et al. 1955).
#pragma once

#include <span>
#include <vector>

namespace querist::calibrators {

struct RisingCurve {
  std::vector<double> x;      // Strictly ascending.
  std::vector<double> y;      // Not descending.
  double at(double x) const;  // Linear between knots, flat outside.
};

// Least weighted squares; points of equal x are averaged first, and knots within a flat piece left
// out, as in scikit-learn. O(n ln n). At least one point.
RisingCurve pool_adjacent(std::span<const double> x, std::span<const double> y,
                          std::span<const double> weights);

}  // namespace querist::calibrators
