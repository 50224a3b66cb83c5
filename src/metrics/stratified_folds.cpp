// Rows dealt out class by class.
#include "metrics/stratified_folds.h"

#include "base/check.h"
#include "base/rng.h"

namespace querist::metrics {

std::vector<size_t> stratified_folds(std::span<const int32_t> labels, size_t classes, size_t folds,
                                     uint64_t seed) {
  QUERIST_CHECK(folds > 0);
  std::vector<std::vector<size_t>> members(classes);
  for (size_t i = 0; i < labels.size(); ++i) members[static_cast<size_t>(labels[i])].push_back(i);
  Rng rng(seed);
  std::vector<size_t> fold(labels.size());
  size_t next = 0;  // Runs on from class to class, so that fold sizes differ by one at most.
  for (std::vector<size_t>& rows : members) {
    rng.shuffle(rows);
    for (const size_t row : rows) fold[row] = next++ % folds;
  }
  return fold;
}

}  // namespace querist::metrics
