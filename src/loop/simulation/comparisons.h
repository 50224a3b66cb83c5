// Pairs of groups compared by their paired seeds, as rows of a result and as people read them.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "loop/simulation/groups.h"

namespace querist::loop {

// From so many seeds on the labels saved have an interval: with fewer, not even all seeds agreeing
// differs from chance at 5 % (2 of 2^5 signs are 6 %).
inline constexpr size_t least_seeds_for_interval = 6;

// Within each learner and featurizer: every strategy against random, and the first against the
// rest. Null is what the seeds cannot tell: interval and p value of one, the labels saved of a pair
// whose target is not reached, and an end of their interval that lies beyond every number.
// labels_saved_reason says why there is no interval. Labels are saved towards the mean score
// of the last three points of the other's mean curve, whichever way is better; differences are of
// the areas as they are.
Json comparisons_of(const std::vector<RunGroup>& groups);

// A mean difference over seeds with its Wilcoxon p value: {KEY, ci_low, ci_high, p_value}; all but
// the first are null of one seed.
Json paired_difference(const char* key, const std::vector<double>& differences, double p_value);

// "+0.0292 (95 % +0.0100 to +0.0484), p = 0.0312", or "+0.0292 (one seed: no interval, no test)".
std::string difference_text(const Json& row, const char* key,
                            const Measure& measure = find_metric("accuracy").judged());
// "12 % (95 % 3 to 20 %)", "12 % (no interval from 2 seeds, …)", or "not reached".
std::string labels_saved_text(const Json& row);
// Why no pair can differ at 5 % under Holm's correction: the smallest p that so many seeds or data
// sets allow, times the pairs. Empty where one can. many: such as "data sets"; few: such as "sets".
std::string too_few_text(size_t count, size_t pairs, const char* many, const char* few);
// "0.0312", "<0.0001", or a dash.
std::string p_value_text(const Json& p_value);
// The same in a sentence: "p = 0.0312", "p < 0.0001".
std::string p_text(const Json& p_value);

}  // namespace querist::loop
