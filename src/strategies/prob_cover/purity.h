// The radius of ProbCover's balls.
#pragma once

#include "data/pool.h"

namespace querist::strategies {

// The largest radius at which at least `purity` of the balls hold rows of one cluster alone (Yehuda
// et al. 2022), balls around at most 1,000 rows that depend on the pool's size alone; clusters by
// k-means. 0 where all rows are of one cluster.
float pure_radius(const Pool& pool, size_t clusters, double purity);

}  // namespace querist::strategies
