// Whether a text that somebody sets names a learner that can be trained.
#pragma once

#include <string_view>

#include "data/dataset.h"

namespace querist::learners {

// Throws invalid_argument, naming the part that is wrong, where the expression is no learner for
// the task: beside what parse_learner refuses, a parameter that is given twice, and at any depth a
// committee's members that are no learner or do not learn the task. For new settings: what is
// stored already is read by parse_learner alone.
void check_named_learner(std::string_view expression, Task task);

}  // namespace querist::learners
