// The settings that several stream strategies share, a row each.
#pragma once

#include <algorithm>
#include <span>

#include "base/params.h"

namespace querist::streams {

inline ParamSpec budget_row() {
  return {.name = "budget",
          .fallback = 0.1,
          .min = 1e-9,
          .max = 1,
          .help = "The share of instances whose labels may be asked for."};
}

inline ParamSpec window_row() {
  return {.name = "window",
          .fallback = 100,
          .min = 1,
          .max = 1e6,
          .whole = true,
          .help =
              "How many instances back the budget is kept: spending fades, or utilities are "
              "compared, over so many."};
}

inline ParamSpec theta_row() {
  return {.name = "theta",
          .fallback = 1.0,
          .min = 0,
          .max = 1e6,
          .help = "The threshold at the start: confidence below it is asked about."};
}

inline ParamSpec s_row() {
  return {.name = "s",
          .fallback = 0.01,
          .min = 1e-9,
          .max = 1,
          .help = "The share by which the threshold falls after a question and rises otherwise."};
}

inline ParamSpec delta_row() {
  return {.name = "delta",
          .fallback = 1.0,
          .min = 1e-9,
          .max = 1e6,
          .help =
              "Standard deviation of the normal number about 1 that the threshold is multiplied "
              "by for each instance."};
}

inline ParamSpec tolerance_row() {
  return {.name = "tolerance",
          .fallback = 50,
          .min = 1e-9,
          .max = 1e6,
          .help =
              "balanced_incremental_quantile: the instances within which spending is brought "
              "back to the budget."};
}

// The likeliest class's probability as its complement's complement: the rounding of libraries that
// pass the uncertainty on and turn it back.
inline double confidence(std::span<const double> probabilities) {
  return 1 - (1 - *std::max_element(probabilities.begin(), probabilities.end()));
}

}  // namespace querist::streams
