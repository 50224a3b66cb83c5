// What strategies lose that look at a sample only, measured on rows that were not in it.
#pragma once

#include <cstdint>

#include "base/json.h"
#include "data/pool.h"

namespace querist::bench {

// Of max_herding and uherding: the covered share of held-out rows by the default's picks, by those
// of larger samples and of chance, and a bound on what any batch could cover. Of cluster_margin:
// the clusters of a larger sample that its picks reach, and how far held-out rows lie from either
// centres.
Json losses(const Pool& pool, size_t batch_size, uint64_t seed);

}  // namespace querist::bench
