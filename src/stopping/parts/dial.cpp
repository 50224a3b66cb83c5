// Figures of `python bench/curves/stopping.py`, to be renewed with it.
#include "stopping/parts/dial.h"

namespace querist::stopping {

std::span<const Notch> dial() {
  static constexpr Notch notches[] = {
      {.kappa = 0.99, .loss = 0.003, .worst_loss = 0.011, .labels = 1},
      {.kappa = 0.98, .loss = 0.013, .worst_loss = 0.020, .labels = 0.67},
      {.kappa = 0.97, .loss = 0.018, .worst_loss = 0.026, .labels = 0.56},
      {.kappa = 0.95, .loss = 0.032, .worst_loss = 0.061, .labels = 0.42},
      {.kappa = 0.93, .loss = 0.045, .worst_loss = 0.097, .labels = 0.33},
      {.kappa = 0.9, .loss = 0.055, .worst_loss = 0.120, .labels = 0.28},
  };
  return notches;
}

}  // namespace querist::stopping
