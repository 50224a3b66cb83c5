// Temperature scaling against what a crowd answered (Guo et al. 2017; Goh and Mueller 2023).
#pragma once

#include <vector>

#include "consensus/active_lab/answers.h"
#include "consensus/active_lab/probabilities.h"

namespace querist::consensus {

// The temperature, of at most 17 between 0.1 and 8, at which the probabilities have the least mean
// cross entropy to each item's share of answers; 1 where there is one class.
// as_cleanlab: the shares are placed as cleanlab 2.9 does, see ActiveLabOptions.
// 17 · rows · cols exponentials.
double best_temperature(const AnswerTable& table, const Probabilities& probabilities,
                        bool as_cleanlab);

// p^(1/temperature) over its sum, p at least 1e-30. In place.
void scale_row(std::span<double> row, double temperature);

}  // namespace querist::consensus
