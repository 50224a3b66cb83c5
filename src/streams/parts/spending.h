// What a stream has spent of its budget lately, and the threshold that follows it (Zliobaite et al.
// 2014).
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/params.h"
#include "streams/parts/archive.h"

namespace querist::streams {

// Every label asked for since the start.
struct Count {
  uint64_t observed = 0;
  uint64_t queried = 0;

  double spent() const {
    return observed == 0 ? 0 : static_cast<double>(queried) / static_cast<double>(observed);
  }
  void add(bool asked) {
    ++observed;
    queried += asked;
  }
  void fields(Archive& archive) {
    archive.count("observed", observed);
    archive.count("queried", queried);
    archive.require(queried <= observed, "queried");
  }
};

// The labels asked for in about the last `window` instances: a count that forgets a share
// 1 / window at each instance.
struct Spending {
  double budget;
  double window;
  double recent = 0;

  double spent() const { return recent / window; }
  bool has_left() const { return spent() < budget; }
  void add(bool asked) { recent = recent * ((window - 1) / window) + (asked ? 1 : 0); }
  void fields(Archive& archive) {
    archive.number("recent", recent);
    archive.require(recent >= 0 && recent <= window + 1, "recent");
  }
};

// A threshold on the confidence (the likeliest class's probability): instances below it are asked
// about. It falls by a share s after a question and rises by it otherwise, while there is budget;
// in terms of the uncertainty, 1 - confidence, a question makes the next one harder.
struct Threshold {
  double value;
  double s;

  void follow(bool asked) {
    value *= asked ? 1 - s : 1 + s;
    value = std::min(value, 1e300);  // Long after any confidence is below it; it must not overflow.
  }
  void fields(Archive& archive) {
    archive.number("theta", value);
    archive.require(value >= 0, "theta");
  }
};

// What strategies with a moving threshold keep: the settings budget, window, theta and s.
struct SpendingAndThreshold {
  Spending spending;
  Threshold threshold;

  explicit SpendingAndThreshold(const Params& params)
      : spending{params.number("budget"), params.number("window")},
        threshold{params.number("theta"), params.number("s")} {}

  double spent() const { return spending.spent(); }
  void fields(Archive& archive) {
    spending.fields(archive);
    threshold.fields(archive);
  }
};

}  // namespace querist::streams
