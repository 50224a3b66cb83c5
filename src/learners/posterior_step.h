// How far the posterior over a linear head's weights moved between two models in a row (Ishibashi
// and Hino 2021), for rules that stop when it hardly moves.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "learners/learner.h"

namespace querist::learners {

// A logistic regression and the rows it was trained on.
struct TrainedHead {
  const Model& model;
  std::span<const int32_t> labels;  // One a row of the features; -1: not trained on.
  bool balanced = false;            // Classes weighed equally, as class_weight=balanced does.
};

// Kullback-Leibler divergences in nats, none negative.
struct PosteriorStep {
  double before_from_after = 0;  // KL(before || after).
  double after_from_before = 0;  // KL(after || before).
};

// The posteriors are normal around the trained weights and biases (Laplace; MacKay 1992), both
// under the normal prior that the later model's penalty is (the biases with it): posteriors of one
// prior move by what was learnt, not because a search found another strength. Dense rows of at most
// most_joint_columns columns and most_joint_classes classes: two classes with the whole Hessian,
// more with the Kronecker product of the rows' second moments and the mean covariance of the
// answers (Martens and Grosse 2015), in the span of the rows where those are fewer than the
// columns; moving all classes' scores alike changes no answer and does not count. Sparse rows,
// wider ones and more classes: the Hessian's diagonal, class by class. Which of these it is hangs
// on the columns and classes alone, so that steps of one project compare.
// Nothing: a model is no logistic regression of single labels, or its classes or columns are not
// the other's. Refuses labels that do not match the rows or the classes, and no row to train on.
std::optional<PosteriorStep> posterior_step(const Features& rows, const TrainedHead& before,
                                            const TrainedHead& after);

inline constexpr size_t most_joint_columns = 1024;
inline constexpr size_t most_joint_classes = 256;

}  // namespace querist::learners
