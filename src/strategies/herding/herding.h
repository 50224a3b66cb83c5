// What the herding strategies share: the kernel's width, and samples that keep the coverage engine
// small.
#pragma once

#include <span>
#include <vector>

#include "base/params.h"
#include "data/pool.h"
#include "data/selection.h"

namespace querist::strategies {

// The parameters of every herding strategy: gamma, max_targets, max_candidates.
ParamSpecs herding_params();

// Where the kernel's width comes from. typical: the median distance of a row to its max(1,
// n/100)-th nearest neighbour among at most 2,000 sampled rows. shrinking: no more than the tenth
// of the labelled rows' distances to their nearest labelled neighbour.
enum class Radius { typical, shrinking };

// Picks by greedy weighted coverage. utilities: one weight a candidate, not negative; empty: all 1.
// Targets are a fixed sample of the pool; candidates are the heaviest, topped up evenly. The same
// pool gives the same picks: nothing is drawn.
Selection herd(const Pool& pool, std::span<const float> weights, Radius radius, size_t batch_size,
               const Params& params);

}  // namespace querist::strategies
