// Parzen windows: the votes that labelled rows cast for their classes, each by its Gaussian kernel
// (Chapelle 2005). Rows without a label cast none and cost nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/matrix.h"

namespace querist::kernels {

// Votes that sum to less than this (the smallest normal double) count as none.
inline constexpr double least_votes = 2.2250738585072014e-308;

// Some rows of dense or half features.
struct ChosenRows {
  const Features& features;
  std::span<const int64_t> rows;
};

// out (queries.rows.size(), classes) = sum of exp(-gamma |query - support|^2) over the support rows
// of each class; one label (0 … classes-1) a support row. gamma 0: 1 / cols. Flops: 3 · cols and
// one exponential a pair; memory beyond out: 8 bytes · 512 · cols a thread.
void parzen_frequencies(ChosenRows queries, ChosenRows support, std::span<const int32_t> labels,
                        size_t classes, double gamma, std::span<double> out);

// The votes by their sum, uniform where there are none: the class probabilities of
// scikit-activeml's ParzenWindowClassifier with class_prior 0, to float precision.
Matrix parzen_probabilities(ChosenRows queries, ChosenRows support, std::span<const int32_t> labels,
                            size_t classes, double gamma);

}  // namespace querist::kernels
