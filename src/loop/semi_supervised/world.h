// The rows of a pool that semi-supervised learning looks at, numbered anew.
#pragma once

#include <vector>

#include "loop/semi_supervised.h"

namespace querist::loop {

struct SslWorld {
  std::vector<int64_t> pool_rows;  // Of the rows here, ascending.
  OwnedFeatures features;
  OwnedFeatures second_view;  // Every second column, for co-training.
  Matrix geometry;            // One column of zeros where there are no distances.
  bool has_distances = false;
  std::vector<int64_t> labeled, unlabeled;  // Rows here.
  std::vector<int32_t> labels;
  size_t unlabeled_in_pool = 0;
  size_t classes = 0;

  pseudo_labelers::PartlyLabeled view() const;
  // Rows here to rows of the pool.
  pseudo_labelers::PseudoLabels in_pool(pseudo_labelers::PseudoLabels found) const;
};

// All labelled rows and a uniform sample, by the plan's seed, of those that have no label and are
// none of the audit's.
SslWorld make_world(const SslData& data, const SslPlan& plan);

}  // namespace querist::loop
