// What the herding strategies share: the kernel's width, and samples that keep the coverage engine
// small.
#pragma once

#include <span>
#include <vector>

#include "base/params.h"
#include "data/pool.h"
#include "data/selection.h"
#include "kernels/similarity.h"

namespace querist::strategies {

// The parameters of every herding strategy: gamma, max_targets, max_candidates.
ParamSpecs herding_params();

// Where the kernel's width comes from. typical: the median distance of a row to its max(1,
// n/100)-th nearest neighbour among at most 2,000 sampled rows. closest: the smallest
// positive distance between two labelled rows (Bae et al. 2025), gamma being one over its square;
// typical with fewer than two.
enum class Radius { typical, closest };

// Which candidates are looked at unless max_candidates is set.
enum class Candidates { few, all_that_fit };

struct HerdOptions {
  Radius radius = Radius::typical;
  Candidates candidates = Candidates::few;
  // One label serves a group of near duplicates (see near_duplicates.h): its others are picked
  // last.
  bool collapses_duplicates = false;
  // Power of (95 % quantile / own) of the distance to the 20th neighbour by which a far-off target
  // weighs less; 0: not at all.
  double outlier_power = 0;
};

// Picks by greedy weighted coverage. weights: one a candidate, not negative; empty: all 1.
// Targets are a fixed sample of the pool; candidates are the heaviest, topped up evenly. The same
// pool gives the same picks: nothing is drawn. max_targets or max_candidates of 0 takes all.
Selection herd(const Pool& pool, std::span<const float> weights, const HerdOptions& options,
               size_t batch_size, const Params& params);

// How far apart near duplicates may be at most: a twelfth of the median distance between rows of
// the pool; less in one to three columns, where rows lie so near each other by chance (a tenth of a
// row, were all evenly spread). Kept in its memory.
float duplicate_distance(const Pool& pool);

// The gamma that herd() takes for this pool and these parameters.
float herding_gamma(const Pool& pool, Radius radius, const Params& params);

// max_targets and max_candidates of the strategies that cover by another kernel.
ParamSpecs cover_params();

// Rows of the pool that depend on its size alone, ascending.
std::vector<int64_t> fixed_sample(size_t size, size_t count, uint64_t salt);

// Greedy coverage of every row without a label, or of a fixed sample of max_targets rows, by this
// kernel; an even sample of max_candidates is considered.
Selection cover_pool(const Pool& pool, kernels::Kernel kernel, size_t batch_size,
                     const Params& params);

}  // namespace querist::strategies
