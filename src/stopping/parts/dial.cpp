// Figures of `python bench/curves/stopping.py`, to be renewed with it.
#include "stopping/parts/dial.h"

namespace querist::stopping {

std::span<const Notch> dial() {
  static constexpr Notch notches[] = {
      {.kappa = 0.99, .loss = 0.004, .worst_loss = 0.013, .labels = 1},
      {.kappa = 0.98, .loss = 0.014, .worst_loss = 0.018, .labels = 0.65},
      {.kappa = 0.97, .loss = 0.020, .worst_loss = 0.029, .labels = 0.54},
      {.kappa = 0.95, .loss = 0.031, .worst_loss = 0.052, .labels = 0.42},
      {.kappa = 0.93, .loss = 0.042, .worst_loss = 0.081, .labels = 0.33},
      {.kappa = 0.9, .loss = 0.055, .worst_loss = 0.116, .labels = 0.28},
  };
  return notches;
}

}  // namespace querist::stopping
