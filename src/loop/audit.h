// How many examples of a batch are drawn at random to measure with.
#pragma once

#include <algorithm>
#include <cmath>

#include "base/rng.h"

namespace querist::loop {

// The share of the batch, rounded, and at least one; a batch too small for that (share * batch
// below a half) has one with the chance share * batch, so that batches of one still train.
inline size_t audit_count(double share, size_t batch, Rng& rng) {
  const double wanted = share * static_cast<double>(batch);
  if (wanted <= 0) return 0;
  if (wanted < 0.5) return rng.uniform() < wanted ? 1 : 0;
  return std::min(batch, std::max<size_t>(1, static_cast<size_t>(std::llround(wanted))));
}

}  // namespace querist::loop
