// k-means++ seeding over gradient embeddings (Arthur and Vassilvitskii 2007): the batch of BADGE
// (Ash et al. 2020).
#pragma once

#include <span>
#include <vector>

#include "base/rng.h"
#include "kernels/gradient_distances.h"

namespace querist::kernels {

struct GradientPick {
  size_t candidate = 0;  // Index into `candidates`.
  double squared = 0;    // Distance to the nearest earlier pick; of the first: its squared norm.
};

// What a choice cost, for benchmarks.
struct GradientCounts {
  size_t passes = 0;     // Over all candidates, besides that of the norms.
  size_t centers = 0;    // That every candidate met in them.
  size_t proposals = 0;  // Drawn candidates, taken or not.
  size_t pairs = 0;      // Distances computed for proposals.
};

// stale: a draw from the weights of the last pass is taken with the probability that its weight
// now has to that one (rejection sampling; the same distribution, for weights only shrink); all
// weights are brought up to date when proposals have cost a quarter of that. fresh: they are before
// every draw, one draw a pick.
enum class Weights { stale, fresh };

// The first pick has the largest squared norm, ties to the lower; each further one is drawn with
// probability proportional to the squared distance to the nearest pick, by inverting cumulative
// sums (double, in candidate order). Where all are 0, the rest are drawn alike. Without repeats.
// costs: one a candidate, positive, which divides its weight (and the norm, and the even weight
// where all are 0); empty: all 1. The same picks on any number of threads. Memory: 20 bytes a
// candidate, 4 · (cols + classes) a pick. Bytes: two passes over x, and what `counts` says.
std::vector<GradientPick> sample_gradients(const Gradients& g, std::span<const int64_t> candidates,
                                           size_t count, Rng& rng,
                                           std::span<const float> costs = {},
                                           Weights weights = Weights::stale,
                                           GradientCounts* counts = nullptr);

}  // namespace querist::kernels
