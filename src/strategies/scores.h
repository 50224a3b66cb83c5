// Scores of the candidates alone, from a kernel that reads rows of probabilities.
#pragma once

#include <algorithm>
#include <vector>

#include "base/matrix.h"
#include "base/threads.h"
#include "data/pool.h"

namespace querist::strategies {

using RowMeasure = void (*)(std::span<const float> probabilities, size_t classes,
                            std::span<float> out);

// One number a candidate, in candidate order. Blocks of neighbouring candidates, the rule in a
// large pool with few labels, are measured where they lie.
inline std::vector<float> candidate_scores(const Pool& pool, RowMeasure measure) {
  constexpr size_t block = 512;
  const size_t classes = pool.classes;
  std::vector<float> scores(pool.candidates.size());
  parallel_for(scores.size(), 16 * block, [&](size_t begin, size_t end) {
    std::vector<float> copied(block * classes);
    for (size_t from = begin; from < end; from += block) {
      const auto rows = pool.candidates.subspan(from, std::min(block, end - from));
      const auto span = static_cast<size_t>(rows.back() - rows.front()) + 1;
      const float* values = pool.probabilities.row(static_cast<size_t>(rows.front())).data();
      if (span != rows.size()) {
        for (size_t i = 0; i < rows.size(); ++i) {
          const auto row = pool.probabilities.row(static_cast<size_t>(rows[i]));
          std::copy(row.begin(), row.end(), copied.begin() + static_cast<long>(i * classes));
        }
        values = copied.data();
      }
      measure({values, rows.size() * classes}, classes, {scores.data() + from, rows.size()});
    }
  });
  return scores;
}

}  // namespace querist::strategies
