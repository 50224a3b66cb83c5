// An order of candidates spread over a clustering of the pool (Citovsky et al. 2021).
#pragma once

#include "base/rng.h"
#include "data/pool.h"
#include "data/selection.h"

namespace querist::strategies {

struct SpreadOptions {
  size_t clusters = 1;
  size_t max_sample = 50'000;  // Rows that the clusters are computed from.
  size_t max_iterations = 100;
};

// Centres of the whole pool, labelled or not; of a sample of it where it is large: of the rows that
// are not on a shortlist nothing but the centres is ever needed.
Matrix pool_centers(const Pool& pool, const SpreadOptions& options, Rng& rng);

// The rows of `best` (best first) in rounds over their clusters, the smallest cluster first, from
// each its best one that is left. All of them come back.
Selection spread_over_clusters(const Pool& pool, const Selection& best, const Matrix& pool_centers);

}  // namespace querist::strategies
