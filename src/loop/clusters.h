// Groups of alike examples, named so that a person knows what is in them.
#pragma once

#include <span>

#include "data/records.h"
#include "metrics/slices.h"
#include "storage/feature_store.h"
#include "storage/store.h"

namespace querist::loop {

// A column "cluster" for these rows: k-means over the geometry of them and of a seeded sample of
// the pool, named by the words that are typical of a cluster's texts, else by the examples nearest
// to its centre. No values where the geometry is sparse or there are fewer rows than clusters.
metrics::SliceColumn cluster_column(storage::Store& store, const Project& project,
                                    std::span<const int64_t> rows, const storage::FeatureView& view,
                                    size_t clusters);

}  // namespace querist::loop
