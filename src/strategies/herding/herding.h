// What the herding strategies share: the kernel's width, and samples that keep the coverage engine
// small.
#pragma once

#include <span>
#include <vector>

#include "base/params.h"
#include "base/rng.h"
#include "data/pool.h"
#include "data/selection.h"

namespace querist::strategies {

// The parameters of every herding strategy: gamma, max_targets, max_candidates.
ParamSpecs herding_params();

// sigma_0: the median distance of a row to its max(1, n/100)-th nearest neighbour among at most
// 2,000 sampled rows, over 500 of them.
float typical_radius(const Pool& pool, Rng& rng);

// The tenth of the labelled rows' nearest-labelled-neighbour distances, over 500 of them; 0 with
// fewer than two labelled rows.
float labeled_radius(const Pool& pool);

// Picks by greedy weighted coverage. utilities: one weight a candidate, not negative; empty: all 1.
// Targets are a uniform sample of the candidates; candidates are the heaviest, topped up uniformly.
Selection herd(const Pool& pool, std::span<const float> weights, float radius, size_t batch_size,
               const Params& params, Rng& rng);

}  // namespace querist::strategies
