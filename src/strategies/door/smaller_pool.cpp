// The rare way: rows with a NaN are left out and the others renumbered.
#include <algorithm>

#include "strategies/door/check_pool.h"

namespace querist::strategies {

template <class Value>
static std::vector<Value> taken(std::span<const Value> values, std::span<const int64_t> rows) {
  std::vector<Value> out;
  if (values.empty()) return out;
  for (const int64_t row : rows) out.push_back(values[static_cast<size_t>(row)]);
  return out;
}

std::vector<int64_t> SmallerPool::renumbered(std::span<const int64_t> rows) const {
  std::vector<int64_t> out;
  for (const int64_t row : rows) {
    const auto at = std::lower_bound(kept_.begin(), kept_.end(), row);
    if (at != kept_.end() && *at == row) out.push_back(at - kept_.begin());
  }
  return out;
}

SmallerPool::SmallerPool(const Pool& pool, Signal signals, std::span<const int64_t> dropped)
    : pool_(pool) {
  for (int64_t row = 0; row < static_cast<int64_t>(pool.size); ++row) {
    if (!std::binary_search(dropped.begin(), dropped.end(), row)) kept_.push_back(row);
  }
  pool_.size = kept_.size();
  pool_.memory = nullptr;  // It belongs to the embeddings that the caller named.
  pool_.checked = true;
  pool_.candidates = candidates_ = renumbered(pool.candidates);
  pool_.labeled = labeled_ = renumbered(pool.labeled);
  probabilities_ = embeddings_ = member_predictions_ = {};
  if (pool.probabilities.rows && has(signals, Signal::probabilities))
    probabilities_ = dense_rows(pool.probabilities, kept_);
  pool_.probabilities = probabilities_;
  if (pool.embeddings.rows && has(signals, Signal::embeddings))
    embeddings_ = dense_rows(pool.embeddings, kept_);
  pool_.embeddings = embeddings_;
  const Members& members = pool.member_probabilities;
  pool_.member_probabilities = {};
  if (members.members && has(signals, Signal::member_probabilities)) {
    for (size_t m = 0; m < members.members; ++m) {
      const Matrix member = dense_rows(members.member(m), kept_);
      member_probabilities_.insert(member_probabilities_.end(), member.values.begin(),
                                   member.values.end());
    }
    pool_.member_probabilities = {members.members, kept_.size(), members.cols,
                                  member_probabilities_.data()};
  }
  const MatrixView& predicted = pool.member_predictions;
  if (predicted.rows && has(signals, Signal::member_predictions)) {
    member_predictions_ = Matrix(predicted.rows, kept_.size());
    for (size_t m = 0; m < predicted.rows; ++m)
      std::ranges::copy(taken(predicted.row(m), kept_), member_predictions_.row(m).begin());
  }
  pool_.member_predictions = member_predictions_;
  pool_.predictions = predictions_ = taken(pool.predictions, kept_);
  pool_.costs = costs_ = taken(pool.costs, kept_);
  pool_.groups = groups_ = taken(pool.groups, kept_);
}

}  // namespace querist::strategies
