// How many examples of a batch are drawn at random to measure with.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/rng.h"

namespace querist::loop {

inline constexpr int64_t audit_enough =
    200;  // From here on half the share keeps the estimate fresh.

// A share of 1 asks for random draws alone, as the end of a review needs them, and stays.
inline double audit_share_now(double share, int64_t audit_labels) {
  return audit_labels < audit_enough || share >= 1 ? share : share / 2;
}

struct AuditCount {
  size_t drawn = 0;
  double expected = 0;  // Over all draws; a row's propensity is this over the candidates.
};

// The share of the batch, rounded, and at least one; a batch too small for that (share * batch
// below a half) has one with the chance share * batch, so that batches of one still train.
inline AuditCount audit_count(double share, size_t batch, Rng& rng) {
  const double wanted = share * static_cast<double>(batch);
  if (wanted <= 0) return {};
  if (wanted < 0.5) return {.drawn = rng.uniform() < wanted ? size_t{1} : 0, .expected = wanted};
  const auto whole = std::max<size_t>(1, static_cast<size_t>(std::llround(wanted)));
  const size_t drawn = std::min(batch, whole);
  return {.drawn = drawn, .expected = static_cast<double>(drawn)};
}

}  // namespace querist::loop
