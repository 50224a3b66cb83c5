// Whether a model knows more than how common the classes are.
#pragma once

#include "learners/learner.h"

namespace querist::loop {

inline constexpr size_t doubted_labels_per_class =
    10;  // With more, a model is not asked for proof.

// By predictions out of five folds: right more often than the commonest class alone would be, or
// with a lower log loss than the shares of the classes have. False with fewer than two labels a
// class or with one class only. A strategy that can do without a model does so where this is false.
bool is_usable(const learners::Learner& learner, const Dataset& data, const Params& params,
               uint64_t seed);

}  // namespace querist::loop
