// Where a row may be moved to, in the units of the features.
#pragma once

#include <cstddef>

namespace querist::learners {

enum class Norm { l2, linf };

struct Ball {
  Norm norm = Norm::l2;
  double radius = 0;
  size_t steps = 20;  // 1: the whole way along the gradient at once (fast gradient sign method).
};

}  // namespace querist::learners
