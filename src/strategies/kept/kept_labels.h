// What kept numbers stand for: the embeddings and parameters that they were made of, and the labels
// that were taken in since, one by one.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "data/pool.h"

namespace querist::strategies {

// Where the numbers of dense or half features lie.
const void* address_of(const Features& x);

// Not thread-safe: one caller at a time.
class KeptLabels {
 public:
  using Parameters = std::array<double, 2>;

  // Places in pool.labeled of the labels that are not taken in yet. Nothing where what was kept is
  // of no use: for other embeddings, classes or parameters, after a label was taken back or
  // changed, or after an interruption. Until finish() the kept numbers count as interrupted.
  std::optional<std::vector<size_t>> new_labels(const Pool& pool, const Parameters& parameters);

  // Starts without a label.
  void begin(const Pool& pool, const Parameters& parameters);
  void add(size_t row, int32_t label);
  void finish(const Pool& pool) { address_ = address_of(pool.embeddings); }

  bool has(size_t row) const { return class_of_[row] >= 0; }
  size_t rows() const { return class_of_.size(); }
  size_t classes() const { return classes_; }
  size_t count() const { return count_; }

 private:
  const void* address_ = nullptr;  // Null: what is kept is not whole.
  size_t cols_ = 0, classes_ = 0, count_ = 0;
  Parameters parameters_{};
  std::vector<int32_t> class_of_;  // By row; -1 without a label.
};

}  // namespace querist::strategies
