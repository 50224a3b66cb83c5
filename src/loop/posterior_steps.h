// How far a model's posterior moved from the one of the model before, over the rows of a pool.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "learners/learner.h"
#include "stopping/stopping.h"

namespace querist::loop {

// A model and the rows it learnt from.
struct TrainedRows {
  std::shared_ptr<const learners::Model> model;
  std::vector<int64_t> rows;  // Of the features; empty: not known.
  std::vector<int32_t> labels;
  bool balanced = false;  // Classes weighed equally.
};

// Nothing where one of both has no posterior that compares with the other's
// (learners/posterior_step.h), or no rows.
std::optional<stopping::PosteriorStep> posterior_step(const Features& features,
                                                      const TrainedRows& before,
                                                      const TrainedRows& after);

}  // namespace querist::loop
