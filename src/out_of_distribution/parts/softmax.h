// What the scores of logits share: sums of exponentials that do not overflow, and the state of a
// detector that has nothing to learn.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>

#include "out_of_distribution/detector.h"

namespace querist::out_of_distribution {

// ln of the sum of exp(scale * logit).
inline double log_sum_exp(std::span<const double> logits, double scale = 1) {
  const double top = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const double z : logits) sum += std::exp(scale * (z - top));
  return scale * top + std::log(sum);
}

inline State nothing_to_learn(const TrainingRows&, const Params&) { return {}; }

inline bool has_learnt_nothing(const State& state, size_t) {
  return state.numbers.empty() && state.rows.values.empty();
}

}  // namespace querist::out_of_distribution
