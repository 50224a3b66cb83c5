// The learner `auto`: the cheap learners compared by their losses out of fold, and compared again
// as labels grow.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "learners/learner.h"

namespace querist::loop {

inline constexpr size_t first_examination = 20;  // Labels; fewer say nothing.
inline constexpr size_t most_examined = 2000;    // Labels; of more an even sample is looked at.
inline constexpr double cheap_seconds = 2;  // A learner that is expected to take longer sits out.

// Whether a setting leaves the choice to the evidence.
bool is_auto_learner(std::string_view expression);

// Every learner that an expression may come to: the one it names, or all that auto chooses among,
// the plainest first. Throws as learner_for does.
std::vector<learners::ChosenLearner> learners_for(std::string_view expression);

// A learner as the settings of a project have it: with its class_weight, unless the expression or
// the card says otherwise.
learners::ChosenLearner with_class_weight(learners::ChosenLearner learner,
                                          const std::string& class_weight);

struct LearnerChoice {
  learners::ChosenLearner learner;
  Json record;            // As stored with the model; null: nobody had to choose.
  bool is_fresh = false;  // The record is of these labels, not of an earlier model's.
};

// What auto trains on these labels. before: the record of the model before, null for none;
// present: the learner in use where there is no record, empty for none. Every candidate predicts
// each row by models of the other folds (five, stratified); another learner replaces the present
// one when it loses less by more than one standard error of the paired difference
// (metrics/one_standard_error.h). Looks again once there are half as many labels more than the last
// time, or another number of classes; until then the present learner stays. What is too dear is
// told by formulas fitted to measured times, not by a clock: the same labels choose the same.
LearnerChoice choose_learner(const Dataset& data, const Json& before, std::string_view present,
                             const std::string& class_weight, uint64_t seed,
                             const Progress& progress);

}  // namespace querist::loop
