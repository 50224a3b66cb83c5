// Distillation: a small head learns what a large model says of unlabelled rows (Hinton, Vinyals and
// Dean 2015).
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "learners/learner.h"

namespace querist::learners {

struct DistilSettings {
  double temperature = 3;  // The teacher's scores are divided by it, so that small chances teach.
  size_t most_rows = 10'000;  // Of more an even sample teaches.
};

// What the student is taught, row by row: the teacher's probabilities p as p^(1/T), normalised; of
// a row with a label (a class id; -1: none) the mean of p and the label first. Each row is there
// once for each of its (at most eight) likelier classes, with that class's share as its weight, so
// the weighted log loss is the cross-entropy with the soft targets.
struct SoftDataset {
  std::vector<int64_t> rows;  // Of the features.
  std::vector<int32_t> labels;
  std::vector<float> weights;
};
SoftDataset soften(MatrixView probabilities, std::span<const int32_t> labels, double temperature);

// Trains the student, a logistic_regression or a neural_head without focal and laplace, on the
// rows' soft targets, and multiplies its scores by T. labels: one a row of `rows`, -1 where there
// is none.
std::unique_ptr<Model> distil(const Model& teacher, const Features& rows,
                              std::span<const int32_t> labels, const ChosenLearner& student,
                              const DistilSettings& settings, uint64_t seed,
                              const Progress& progress);

// Throws invalid_argument where a learner cannot be a student.
void check_student(const ChosenLearner& student);

}  // namespace querist::learners
