// Figures of `python bench/curves/stopping.py`, to be renewed with it.
#include "stopping/parts/dial.h"

namespace querist::stopping {

std::span<const Notch> dial() {
  static constexpr Notch notches[] = {
      {.kappa = 0.99, .loss = 0.004, .worst_loss = 0.011, .labels = 1},
      {.kappa = 0.98, .loss = 0.013, .worst_loss = 0.020, .labels = 0.68},
      {.kappa = 0.97, .loss = 0.019, .worst_loss = 0.027, .labels = 0.54},
      {.kappa = 0.95, .loss = 0.031, .worst_loss = 0.061, .labels = 0.42},
      {.kappa = 0.93, .loss = 0.044, .worst_loss = 0.097, .labels = 0.34},
      {.kappa = 0.9, .loss = 0.055, .worst_loss = 0.120, .labels = 0.28},
  };
  return notches;
}

}  // namespace querist::stopping
