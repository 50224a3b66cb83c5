// What every pool must hold to before a strategy reads it.
#pragma once

#include <optional>

#include "strategies/strategy.h"

namespace querist::strategies {

// Throws as select_batch says. Rows to be taken out because of a NaN, ascending; none: empty.
std::vector<int64_t> check_pool(const QueryStrategy& strategy, const Pool& pool);

// A pool without some rows, with copies of what it reads; the rows keep their order.
class SmallerPool {
 public:
  // `signals` are copied; others of the pool are left out. dropped: ascending, none labelled.
  SmallerPool(const Pool& pool, Signal signals, std::span<const int64_t> dropped);
  const Pool& pool() const { return pool_; }
  int64_t row_of(int64_t row) const { return kept_[static_cast<size_t>(row)]; }

 private:
  std::vector<int64_t> renumbered(std::span<const int64_t> rows) const;

  std::vector<int64_t> kept_;  // The old number of every row, ascending.
  Pool pool_;
  std::vector<int64_t> candidates_, labeled_;
  Matrix probabilities_, embeddings_, member_predictions_;
  std::vector<float> member_probabilities_, predictions_, costs_;
  std::vector<int32_t> groups_;
};

}  // namespace querist::strategies
