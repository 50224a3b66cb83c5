// The loss that a classifier is expected to have on many rows once one more row, of a class not
// known yet, is in its training set (Roy and McCallum 2001).
#pragma once

#include <cstddef>

namespace querist::kernels {

// misclassification: 1 - max p. log: -sum p ln p, in nats.
enum class Loss { misclassification, log };

// What follows sums over `rows` rows, given class by class: value c of row u at [c * stride + u].
// chances: of each class for the new row; they sum to 1.

// Non-negative votes; the new row adds added[u] ≥ 0 to the votes for its class. Votes that sum to
// nothing (less than the smallest normal double) mean uniform probabilities.
double expected_vote_loss(const double* votes, size_t stride, size_t rows, const double* added,
                          const double* chances, size_t classes, Loss loss);

// Scores; the new row of class y adds added[u] · ((c = y) - predicted[c]) to score c. Probabilities
// are the positive parts of the scores by their sum, uniform where none is positive.
double expected_score_loss(const double* scores, size_t stride, size_t rows, const double* added,
                           const double* predicted, const double* chances, size_t classes,
                           Loss loss);

// The misclassification loss of two classes whose scores sum to 1, which those of
// expected_score_loss then do after the new row as well: no sum to divide by. scores: of the first
// class; added[u] times `factor` is what is added; predicted and chance: the new row's, of the
// first class.
double expected_two_class_loss(const double* scores, size_t rows, const double* added,
                               double factor, double predicted, double chance);

// Logits; where the new row is of class y, logit y becomes replaced[y * stride + u]. Probabilities
// are their softmax; no_class stands for minus infinity.
inline constexpr double no_class = -1e300;
double expected_logit_loss(const double* logits, const double* replaced, size_t stride, size_t rows,
                           const double* chances, size_t classes, Loss loss);

}  // namespace querist::kernels
