// One pair of classes: its optimum, its support vectors and its sigmoid.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/progress.h"
#include "learners/rbf_svm/sigmoid.h"
#include "learners/rbf_svm/svm_model.h"

namespace querist::learners {

struct SvmSettings {
  double strength = 1;  // C.
  double gamma = 1;
  double tolerance = 1e-4;
  bool fit_sigmoid = true;
  size_t folds = 5;
  size_t cache_bytes = 0;
  uint64_t seed = 0;
};

// The rows of two classes.
struct PairRows {
  std::vector<int64_t> rows;    // Of the data set.
  std::vector<char> positive;   // Of the higher class.
  std::vector<double> weights;  // Class weights included.
};

struct TrainedPair {
  std::vector<double> betas;  // One a row of the pair; 0: no support vector.
  double bias = 0;
  Sigmoid sigmoid;
};

// start: coefficients to begin from, clipped to their boxes; empty: all zero.
TrainedPair train_pair(const Features& features, const PairRows& pair,
                       std::span<const double> start, const SvmSettings& settings,
                       const Progress& progress);

// The coefficients that the earlier model's pair gave to rows equal to these; empty where it knows
// not both classes, or none of the rows.
std::vector<double> earlier_betas(const SvmModel& earlier, int32_t low, int32_t high,
                                  const Features& features, std::span<const int64_t> rows);

}  // namespace querist::learners
