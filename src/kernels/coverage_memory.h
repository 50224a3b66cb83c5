// The distances that weighted coverage reads, kept from one call to the next over the same
// features: between two labels of a project almost all of them stay. Each is the same number kept
// or computed anew (row_distances.h), so what is kept never changes an answer.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/matrix.h"
#include "kernels/row_distances.h"

namespace querist::kernels {

// Chosen rows, widened, with their norms.
struct WideRows {
  Matrix values;
  std::vector<float> norms;

  WideRows() = default;
  WideRows(const Features& x, std::span<const int64_t> rows);
  DistancePanel panel() const { return {values, norms}; }
  void append(const WideRows& more);
};

// Not thread-safe: one caller at a time. Memory: the rows named, and at most 64 MiB of distances.
class CoverageMemory {
 public:
  // Names the features and the rows to be covered; forgets what belongs to others. The features
  // must hold still until the next call.
  void look_at(const Features& x, std::span<const int64_t> targets);
  void look_at(const Features& x);  // Whatever the rows to be covered were.

  // Squared distance of each target to its nearest labelled row; infinite without one.
  std::span<const float> nearest_labeled(std::span<const int64_t> labeled);
  // Squared distance of each of these labelled rows, in no order, to the nearest other one.
  std::span<const float> labeled_gaps(std::span<const int64_t> labeled);
  // For each candidate its squared distances to the targets; valid until the next call of this or
  // of trim.
  std::vector<const float*> to_targets(std::span<const int64_t> candidates);
  void trim();  // Keeps no more than 64 MiB of them.
  // What `compute` gives for these features; computed once.
  float typical_radius(const std::function<float()>& compute);
  float median_distance(const std::function<float()>& compute);
  // The same for the centres of so many clusters of the rows.
  const Matrix& centers(size_t clusters, const std::function<Matrix()>& compute);
  // What `compute` gives for these targets; computed once for each set of them.
  std::span<const float> target_discounts(std::span<const int64_t> targets,
                                          const std::function<std::vector<float>()>& compute);

 private:
  Features x_;
  std::vector<int64_t> targets_;
  WideRows target_rows_;
  std::vector<int64_t> covering_;  // The labelled rows that nearest_ has seen, ascending.
  std::vector<float> nearest_;
  std::vector<int64_t>
      gap_rows_;  // Those that gaps_ has seen, ascending; gap_values_ as they came.
  WideRows gap_values_;
  std::vector<float> gaps_;
  std::unordered_map<int64_t, std::vector<float>> distances_;  // By candidate row.
  std::optional<float> radius_;
  std::optional<float> median_;
  size_t clusters_ = 0;  // That centers_ was asked for with.
  Matrix centers_;
  std::vector<int64_t> discounted_;  // The targets that discounts_ is of.
  std::vector<float> discounts_;
  std::vector<float> scratch_;  // Fresh pages cost more than the sums made in them.
};

}  // namespace querist::kernels
