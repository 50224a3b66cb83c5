// What the strategies that cluster the pool share: how it is clustered, and how a batch is read off
// the centres.
#pragma once

#include <span>
#include <vector>

#include "base/params.h"
#include "base/rng.h"
#include "data/pool.h"
#include "data/selection.h"
#include "kernels/k_means.h"

namespace querist::strategies {

// The row max_iterations of a card.
ParamSpec max_iterations_param();

// Whole sweeps up to 100,000 rows, else mini-batches of 5,000: these cost a sweep in 20 and the
// centres come out about as good.
kernels::Clustering cluster_rows(const Features& x, std::span<const int64_t> rows,
                                 std::span<const float> weights, size_t clusters,
                                 size_t max_iterations, Rng& rng);

// Multiplies weights, one a row named (empty: all 1), by the least of the rows' costs over the
// row's own. Equal costs change nothing; without costs the weights come back as they are.
std::vector<float> weights_per_cost(const Pool& pool, std::span<const int64_t> rows,
                                    std::vector<float> weights);

// From each cluster of the candidates the one nearest to its centre, the clusters in descending
// order of weight; where clusters are fewer than picks, their second nearest follow, and so on.
// With costs (1 + distance) * cost is made small instead of the distance. Ties go to the lower row.
// Utility: the weight of the cluster over the number of its picks. weights: one a candidate; empty:
// all 1.
Selection nearest_to_centers(const Pool& pool, const kernels::Clustering& clustering,
                             std::span<const float> weights, size_t batch_size);

}  // namespace querist::strategies
