// The entries of one row of features that are not zero, whatever the rows are stored as.
#pragma once

#include "base/matrix.h"

namespace querist::learners {

// Calls visit(column, value), columns ascending.
template <class Visit>
void for_each_entry(const Features& features, size_t row, Visit&& visit) {
  if (features.kind == Features::Kind::sparse) {
    const CsrView& x = features.sparse;
    for (int64_t at = x.offsets[row]; at < x.offsets[row + 1]; ++at) {
      if (x.values[at] != 0) visit(static_cast<size_t>(x.columns[at]), x.values[at]);
    }
    return;
  }
  const size_t start = row * features.cols;
  for (size_t j = 0; j < features.cols; ++j) {
    const float value = features.kind == Features::Kind::dense
                            ? features.dense[start + j]
                            : half_to_float(features.half[start + j]);
    if (value != 0) visit(j, value);
  }
}

}  // namespace querist::learners
