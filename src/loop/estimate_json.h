// An estimate as every answer of the API shows it.
#pragma once

#include "base/json.h"
#include "metrics/estimate.h"

namespace querist::loop {

inline Json estimate_json(const metrics::Estimate& estimate) {
  return {{"value", estimate.value},
          {"ci_low", estimate.ci_low},
          {"ci_high", estimate.ci_high},
          {"method", estimate.method}};
}

}  // namespace querist::loop
