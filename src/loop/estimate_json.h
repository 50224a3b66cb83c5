// An estimate as every answer of the API shows it.
#pragma once

#include "base/json.h"
#include "metrics/intervals.h"

namespace querist::loop {

inline Json estimate_json(const metrics::Estimate& estimate) {
  return {{"value", estimate.value},
          {"ci_low", estimate.ci_low},
          {"ci_high", estimate.ci_high},
          {"method", estimate.method}};
}

// A share of hits with its Wilson interval; null of none.
inline Json share_json(int64_t hits, int64_t total) {
  return total == 0 ? Json(nullptr) : estimate_json(metrics::wilson_interval(hits, total));
}

}  // namespace querist::loop
