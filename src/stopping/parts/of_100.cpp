// As many digits as keep a share apart from its target.
#include "stopping/parts/of_100.h"

#include <cmath>

#include "base/error.h"

namespace querist::stopping {

static constexpr int most_digits = 4;

std::string of_100(double share, double target, int digits) {
  for (int more = digits; more <= most_digits && share < target; ++more) {
    const double unit = std::pow(10, more);
    if (std::round(100 * share * unit) < 100 * target * unit - 1e-9)
      return fmt::format("{:.{}f}", 100 * share, more);
  }
  return fmt::format("{:.{}f}", 100 * share, digits);
}

}  // namespace querist::stopping
