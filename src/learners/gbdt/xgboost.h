// Boosting by the XGBoost library, which is opened when it is first needed.
#pragma once

#include <span>
#include <string>

#include "base/matrix.h"
#include "base/progress.h"

namespace querist::learners {

struct BoostingSettings {
  std::string objective;  // reg:squarederror, binary:logistic or multi:softprob.
  size_t classes = 0;     // multi:softprob alone.
  int64_t rounds = 100;
  double learning_rate = 0.1;
  int64_t max_depth = 6;
  double min_child_weight = 1;
  double reg_lambda = 1;
  double subsample = 1;
  double colsample_bytree = 1;
  uint64_t seed = 0;
};

// Whether the library is there to be opened.
bool has_xgboost();

// A path that is opened where the system has no library of that name; heard before the first call
// alone. Not for several threads.
void set_xgboost_fallback(const std::string& path);

// Adds trees to the earlier booster (UBJSON; empty: none) and returns all of them as UBJSON. A
// feature of 0 is a missing one to the library, so that dense and sparse rows give the same trees.
// On one thread: its histograms are sums whose order depends on their number, and its OpenMP
// threads spin while they wait, which takes minutes from a machine that has other work.
// Failures of the library are `internal`; `unavailable` where it is not installed.
std::string boost(const Features& features, std::span<const float> answers,
                  std::span<const float> weights, const BoostingSettings& settings,
                  const std::string& earlier, const Progress& progress);

}  // namespace querist::learners
