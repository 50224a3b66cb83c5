// The greedy batch of BatchBALD: the rows whose labels together say most about which member is
// right (Kirsch et al. 2019).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/rng.h"
#include "kernels/expected_entropy.h"

namespace querist::strategies {

struct JointPick {
  size_t candidate = 0;  // Index into `rows`.
  double gain = 0;       // Nats of mutual information that it adds to the earlier picks.
};
struct JointBatch {
  std::vector<JointPick> picks;
  size_t evaluations = 0;  // Gains computed; candidates times picks without laziness.
};

// Each pick has the largest gain per cost; ties (to 1e-12) go to the lower candidate. costs: one a
// candidate, positive. Exact while classes^(earlier picks) <= samples, a sampled estimate from then
// on. In the exact part a gain never grows with more picks, so that `lazy` leaves out candidates
// whose older gain is too small, and picks the same. At most outcomes · members · classes
// multiply-adds and outcomes · classes logarithms a gain, where outcomes <= samples.
JointBatch greedy_joint(const kernels::Committee& committee, std::span<const int64_t> rows,
                        std::span<const double> costs, size_t batch_size, size_t samples, Rng& rng,
                        bool lazy = true);

}  // namespace querist::strategies
