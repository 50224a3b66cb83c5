// What each notch of the dial of aggressiveness cost in simulation: when to stop is a question of
// how much accuracy one would give for fewer labels.
#pragma once

#include <span>

namespace querist::stopping {

// A threshold of stabilizing_predictions, its other parameters as they are by default.
struct Notch {
  double kappa = 0;
  double loss = 0;        // Mean accuracy lost against labelling the whole pool, 0 to 1.
  double worst_loss = 0;  // On the set where it was largest.
  double labels = 0;      // Labels it took, as a share of what the strictest notch took.
};

// Strictest first. From bench/curves/results/stopping.md: margin sampling, means over its
// sets.
std::span<const Notch> dial();

}  // namespace querist::stopping
