// How well predicted classes and probabilities fit the labels.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/matrix.h"
#include "metrics/double_view.h"
#include "metrics/estimate.h"

namespace querist::metrics {

// All of them refuse spans of different length, no rows, and classes out of range.

double accuracy(std::span<const int32_t> labels, std::span<const int32_t> predicted);

// Mean recall over the classes that have a label (as in scikit-learn).
double balanced_accuracy(std::span<const int32_t> labels, std::span<const int32_t> predicted,
                         size_t classes);

// Mean of -ln p(label), p clipped to [1e-15, 1].
double log_loss(std::span<const int32_t> labels, MatrixView probabilities);
// Row by row, p clipped to [least, 1].
std::vector<double> log_losses(std::span<const int32_t> labels, MatrixView probabilities,
                               double least = 1e-15);

// Mean over rows of the sum over classes of (p - y)^2 (Brier 1950): 0 … 2.
double brier_score(std::span<const int32_t> labels, MatrixView probabilities);

// The same of float64 probabilities, and weighted means where weights (one a row) are given.
double log_loss(std::span<const int32_t> labels, DoubleView probabilities,
                std::span<const double> weights = {});
double brier_score(std::span<const int32_t> labels, DoubleView probabilities,
                   std::span<const double> weights = {});

// counts[label * classes + predicted].
std::vector<int64_t> confusion_matrix(std::span<const int32_t> labels,
                                      std::span<const int32_t> predicted, size_t classes);

struct ClassScores {
  int64_t support = 0;    // Rows labelled with the class.
  int64_t predicted = 0;  // Rows predicted as the class.
  int64_t both = 0;
  double precision = 0;  // 0 where nothing was predicted, as in scikit-learn; likewise below.
  double recall = 0;
  double f1 = 0;
};
std::vector<ClassScores> class_scores(std::span<const int32_t> labels,
                                      std::span<const int32_t> predicted, size_t classes);

// The likeliest class of each row; ties go to the lower class.
std::vector<int32_t> likeliest(MatrixView probabilities);
std::vector<int32_t> likeliest(DoubleView probabilities);

}  // namespace querist::metrics
