// A step along a descent direction of a convex function (Wolfe 1969; Hager and Zhang 2005).
#pragma once

#include <functional>

namespace querist::learners {

struct Trial {
  double step = 0;
  double value = 0;
  double slope = 0;
};

// Narrows down to a step with less value and a flatter slope, and leaves it in `end`, the last that
// `at` was asked about. noise: values closer than this are taken as equal; slopes decide there.
// False where no step gains.
bool search_line(const std::function<Trial(double step)>& at, const Trial& start, double noise,
                 Trial& end);

}  // namespace querist::learners
