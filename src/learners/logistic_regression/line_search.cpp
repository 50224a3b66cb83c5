// Slopes are trusted where values drown in rounding; secants bracket the slope's zero.
#include "learners/logistic_regression/line_search.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace querist::learners {

// The function is convex, so the slope grows with the step. Near the bottom the approximate form of
// Hager and Zhang counts as less.
bool search_line(const std::function<Trial(double)>& at, const Trial& start, double noise,
                 Trial& end) {
  Trial low = start;
  Trial high{std::numeric_limits<double>::infinity(), 0, 0};
  double step = 1;
  for (int tries = 0; tries < 30; ++tries) {
    end = at(step);
    const bool finite = std::isfinite(end.value) && std::isfinite(end.slope);
    const bool less = end.value <= start.value + 1e-4 * end.step * start.slope;
    const bool as_good = end.value <= start.value + noise && end.slope <= -0.8 * start.slope;
    const bool enough = finite && (less || as_good);
    if (enough && std::abs(end.slope) <= 0.9 * std::abs(start.slope)) return true;
    if (finite && end.slope < 0 && enough) {
      low = end;
    } else {
      high = end;
    }
    const double width = high.step - low.step;
    double next = low.step + 0.5 * width;
    if (std::isinf(high.step)) {
      next = 4 * low.step;
    } else if (finite && high.slope > 0) {
      const double secant = low.step - low.slope * width / (high.slope - low.slope);
      next = std::clamp(secant, low.step + 0.1 * width, high.step - 0.1 * width);
    }
    step = next;
  }
  return false;
}

}  // namespace querist::learners
