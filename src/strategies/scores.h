// Scores of the candidates alone, from a kernel that reads rows of probabilities.
#pragma once

#include <vector>

#include "base/matrix.h"
#include "data/pool.h"

namespace querist::strategies {

using RowMeasure = void (*)(std::span<const float> probabilities, size_t classes,
                            std::span<float> out);

// One number a candidate, in candidate order.
inline std::vector<float> candidate_scores(const Pool& pool, RowMeasure measure) {
  const Matrix rows = dense_rows(pool.probabilities, pool.candidates);
  std::vector<float> scores(rows.rows);
  measure(rows.values, pool.classes, scores);
  return scores;
}

}  // namespace querist::strategies
