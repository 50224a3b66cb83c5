// What stopping by a rule would have cost beside labelling everything.
#pragma once

#include <vector>

#include "base/json.h"
#include "loop/simulation/groups.h"

namespace querist::loop {

// Of each group and watched rule in how many runs it was met, and of those the labels, the accuracy
// and its share of the full one. Empty where no rule is watched.
Json stopping_summary(const std::vector<RunGroup>& groups);

}  // namespace querist::loop
