// Minimises a smooth convex function with limited memory (Nocedal 1980; Liu and Nocedal 1989).
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/progress.h"

namespace querist::learners {

// Writes the gradient at the point and returns the value.
using Objective = std::function<double(std::span<const double> point, std::span<double> gradient)>;

struct LbfgsOptions {
  int max_iterations = 200;
  // Done once gradient' D^-1 gradient <= this, D being `curvature`: about twice what is still to be
  // gained.
  double remaining = 1e-10;
  // Values closer than this share of the value are taken as equal: the noise of float32 products.
  double noise = 1e-7;
};

struct LbfgsResult {
  double value = 0;
  int iterations = 0;
  int evaluations = 0;
  bool converged = false;
};

// Starts from `point` and leaves the best point there. curvature: a positive estimate of the
// Hessian's diagonal, one entry a variable; it makes columns of very different scale converge
// alike.
LbfgsResult minimise(const Objective& objective, std::span<const double> curvature,
                     const LbfgsOptions& options, const Progress& progress,
                     std::vector<double>& point);

}  // namespace querist::learners
