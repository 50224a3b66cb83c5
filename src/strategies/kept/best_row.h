// One pick that does not hang on rounding: a strategy that keeps numbers from call to call sums
// them in the order in which the labels came, and must still pick what it would pick without them.
#pragma once

#include <vector>

#include "data/pool.h"
#include "data/selection.h"

namespace querist::strategies {

struct BestRow {
  Selection pick;        // One row, or none where there is no candidate.
  bool is_clear = true;  // Nothing lies where rounding decides whether it ties.
};

// The lowest of the rows whose utility is the best to nine digits. utilities: one a candidate,
// finite; rounding: the share of the best one that a utility may be off by, 0 where the utilities
// are not from kept numbers.
BestRow lowest_of_best(const Pool& pool, const std::vector<double>& utilities, double rounding);

}  // namespace querist::strategies
