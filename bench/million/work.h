// What a selection reads and computes, counted: the bytes and flops that its time is held against.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/params.h"
#include "data/pool.h"
#include "kernels/k_means.h"

namespace querist::bench {

// Reads and writes of whatever is larger than the last cache; what is read twice counts twice.
struct Work {
  double bytes = 0;
  double flops = 0;
  Json counted = Json::object();  // The numbers they come from.

  Json json(const Pool& pool) const;  // With `passes`: bytes over those of the features.
};

// Of the probabilities of every row by a linear head, which are written.
Work scoring_work(const Pool& pool);

// Of select_batch, scores apart. Where the numbers depend on the data, the kernel runs again and is
// asked. Throws internal if it then picks other rows than `picked`.
Work selection_work(const std::string& strategy, const Params& params, const Pool& pool,
                    size_t batch_size, uint64_t seed, const std::vector<int64_t>& picked);

// The clusters of a sample of the pool, as cluster_margin computes them with this seed.
kernels::Clustering sampled_clusters(const Pool& pool, size_t sample, size_t clusters,
                                     uint64_t seed);

}  // namespace querist::bench
