// The majority's class of each item, ties broken by evidence rather than by chance.
#pragma once

#include <vector>

#include "base/matrix.h"
#include "consensus/active_lab/answers.h"

namespace querist::consensus {

// The class with most answers. Of tied ones: the likeliest by `probabilities` (items, classes;
// row-major); then the class with fewest answers in all; then the class whose givers agree most
// with the majorities of the items that are not tied (an annotator with no answer there counts as
// the average one); then the lower class.
std::vector<int32_t> majority_labels(const AnswerTable& table,
                                     std::span<const double> probabilities);

}  // namespace querist::consensus
