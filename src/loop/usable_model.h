// Whether a model knows more than how common the classes are.
#pragma once

#include <optional>

#include "data/dataset.h"

namespace querist::loop {

inline constexpr size_t doubted_labels_per_class =
    10;  // With more, a model is not asked for proof.

// Whether is_usable reads the predictions.
bool needs_proof(const Dataset& data);

// By predictions of models that did not see the rows (loop::out_of_fold): right more often than the
// commonest class alone would be, or with a lower log loss than the shares of the classes have.
// False where there are no such predictions. A strategy that can do without a model does so where
// this is false.
bool is_usable(const Dataset& data, const std::optional<Matrix>& held_out);

}  // namespace querist::loop
