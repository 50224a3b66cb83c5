// Labels are compared with those of the call before, row by row.
#include "strategies/kept/kept_labels.h"

namespace querist::strategies {

const void* address_of(const Features& x) {
  return x.kind == Features::Kind::dense ? static_cast<const void*>(x.dense) : x.half;
}

std::optional<std::vector<size_t>> KeptLabels::new_labels(const Pool& pool,
                                                          const Parameters& parameters) {
  const Features& x = pool.embeddings;
  const bool is_same = address_ == address_of(x) && rows() == pool.size && cols_ == x.cols &&
                       classes_ == pool.classes && parameters_ == parameters;
  address_ = nullptr;
  if (!is_same) return std::nullopt;
  std::vector<size_t> fresh;
  for (size_t i = 0; i < pool.labeled.size(); ++i) {
    const int32_t before = class_of_[static_cast<size_t>(pool.labeled[i])];
    if (before < 0) fresh.push_back(i);
    if (before >= 0 && before != pool.labels[i]) return std::nullopt;
  }
  if (pool.labeled.size() - fresh.size() != count_) return std::nullopt;
  return fresh;
}

void KeptLabels::begin(const Pool& pool, const Parameters& parameters) {
  address_ = nullptr;
  cols_ = pool.embeddings.cols;
  classes_ = pool.classes;
  count_ = 0;
  parameters_ = parameters;
  class_of_.assign(pool.size, -1);
}

void KeptLabels::add(size_t row, int32_t label) {
  class_of_[row] = label;
  ++count_;
}

}  // namespace querist::strategies
