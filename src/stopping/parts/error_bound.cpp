// Newton's steps from above, where the equation's left side is convex.
#include "stopping/parts/error_bound.h"

#include <cmath>

#include "base/error.h"

namespace querist::stopping {

double error_bound(double divergence) {
  if (!(divergence >= 0 && std::isfinite(divergence)))
    refuse("a divergence must be finite and not negative, not {}", divergence);
  // Bernstein's bound lies above; near zero both are sqrt(2 divergence), and the left side would
  // cancel.
  double r = divergence / 3 + std::sqrt(divergence * divergence / 9 + 2 * divergence);
  if (divergence < 1e-10) return r;
  for (int step = 0; step < 50; ++step) {
    const double log = std::log1p(r);
    const double change = ((1 + r) * log - r - divergence) / log;
    r -= change;
    if (std::abs(change) <= 1e-14 * r) break;
  }
  return r;
}

}  // namespace querist::stopping
