// All pairs once, then a greedy cover for each radius that the bisection tries.
#include "kernels/robust_k_center.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "base/interrupt.h"
#include "base/threads.h"
#include "kernels/coverage_rows.h"
#include "kernels/nearest_rows.h"
#include "kernels/row_distances.h"

namespace querist::kernels {

// The picks at one radius.
struct Cover {
  RobustCenters centers;
  std::vector<char> is_covered;
  size_t uncovered = 0;
};

// Far from the origin the products would cancel.
static Matrix moved_to_mean(Matrix rows) {
  std::vector<double> mean(rows.cols);
  for (size_t i = 0; i < rows.values.size(); ++i) mean[i % rows.cols] += double{rows.values[i]};
  for (size_t i = 0; i < rows.values.size(); ++i) {
    rows.values[i] -= static_cast<float>(mean[i % rows.cols] / static_cast<double>(rows.rows));
  }
  return rows;
}

class RobustKCenter {
 public:
  RobustKCenter(const Features& x, std::span<const int64_t> candidates,
                std::span<const int64_t> labeled, std::span<const float> costs)
      : n_(candidates.size()), pairs_(n_ * n_), labeled_(n_) {
    const Matrix rows = moved_to_mean(widened_rows(x, candidates));
    const auto norms = row_norms(rows);
    row_distances({rows, norms}, {rows, norms}, pairs_.data());
    std::vector<int32_t> which(n_);
    nearest_rows(x, candidates, labeled, which, labeled_);
    if (costs.empty()) return;
    const float least = *std::min_element(costs.begin(), costs.end());
    if (least == *std::max_element(costs.begin(), costs.end())) return;
    for (const float cost : costs) cheapness_.push_back(least / cost);
  }

  // The squared radius at which farthest-first covers all with `count` picks.
  float greedy_radius(size_t count) const {
    std::vector<float> nearest = labeled_;
    for (size_t picks = 0;; ++picks) {
      const auto farthest =
          static_cast<size_t>(std::max_element(nearest.begin(), nearest.end()) - nearest.begin());
      if (picks == count) return nearest[farthest];
      add(farthest, nearest);
    }
  }

  Cover cover(float radius, size_t count, size_t outliers) const {
    Cover cover{{{}, {}, std::sqrt(radius)}, std::vector<char>(n_), 0};
    for (size_t i = 0; i < n_; ++i) {
      cover.is_covered[i] = labeled_[i] <= 9 * radius;
      cover.uncovered += !cover.is_covered[i];
    }
    std::vector<int32_t> gains = gains_at(radius, cover.is_covered);
    while (cover.centers.candidates.size() < count && cover.uncovered > outliers) {
      const size_t best = most_useful(gains);
      if (gains[best] == 0) break;
      const size_t before = cover.uncovered;
      for (size_t i = 0; i < n_; ++i) {
        if (cover.is_covered[i] || !(pair(best, i) <= 9 * radius)) continue;
        cover.is_covered[i] = 1;
        --cover.uncovered;
        for (size_t j = 0; j < n_; ++j) gains[j] -= pair(i, j) <= radius;
      }
      cover.centers.candidates.push_back(best);
      cover.centers.covered.push_back(before - cover.uncovered);
      check_interrupt();
    }
    return cover;
  }

  // Spare picks: farthest first among the covered rows, then among the others.
  void fill(size_t count, Cover& cover) const {
    std::vector<float> nearest = labeled_;
    std::vector<char> is_picked(n_);
    auto& picks = cover.centers.candidates;
    for (const size_t pick : picks) is_picked[pick] = 1, add(pick, nearest);
    while (picks.size() < count) {
      size_t best = n_;
      for (size_t i = 0; i < n_; ++i) {
        if (!is_picked[i] && (best == n_ || goes_before(i, best, nearest, cover))) best = i;
      }
      is_picked[best] = 1;
      add(best, nearest);
      picks.push_back(best);
      cover.centers.covered.push_back(0);
    }
  }

 private:
  float pair(size_t i, size_t j) const { return pairs_[i * n_ + j]; }

  void add(size_t center, std::vector<float>& nearest) const {
    for (size_t i = 0; i < n_; ++i) nearest[i] = std::min(nearest[i], pair(center, i));
  }

  bool goes_before(size_t i, size_t best, std::span<const float> nearest,
                   const Cover& cover) const {
    const auto worth = [&](size_t c) {
      const double cheapness = cheapness_.empty() ? 1 : double{cheapness_[c]};
      return double{nearest[c]} * cheapness * cheapness;
    };
    if (cheapness_.empty() && cover.is_covered[i] != cover.is_covered[best])
      return cover.is_covered[i] > cover.is_covered[best];
    return worth(i) > worth(best);
  }

  size_t most_useful(std::span<const int32_t> gains) const {
    if (cheapness_.empty())
      return static_cast<size_t>(std::max_element(gains.begin(), gains.end()) - gains.begin());
    size_t best = 0;
    double most = -1;
    for (size_t i = 0; i < n_; ++i) {
      const double value = (gains[i] + 1) * double{cheapness_[i]};
      if (value > most) most = value, best = i;
    }
    return best;
  }

  // How many uncovered rows lie within the radius of each.
  std::vector<int32_t> gains_at(float radius, std::span<const char> is_covered) const {
    std::vector<int32_t> open(n_);
    for (size_t i = 0; i < n_; ++i) open[i] = !is_covered[i];
    std::vector<int32_t> gains(n_);
    parallel_for(n_, 64, [&](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) {
        const float* row = pairs_.data() + i * n_;
        int32_t sum = 0;
        for (size_t j = 0; j < n_; ++j) sum += open[j] & static_cast<int32_t>(row[j] <= radius);
        gains[i] = sum;
      }
    });
    return gains;
  }

  size_t n_;
  std::vector<float> pairs_;      // Squared distances, (n, n).
  std::vector<float> labeled_;    // To the nearest labelled row.
  std::vector<float> cheapness_;  // Least cost / cost; empty: all are equal.
};

RobustCenters robust_k_center(const Features& x, std::span<const int64_t> candidates,
                              std::span<const int64_t> labeled, size_t count, size_t outliers,
                              std::span<const float> costs) {
  QUERIST_CHECK(costs.empty() || costs.size() == candidates.size());
  count = std::min(count, candidates.size());
  if (count == 0) return {};
  outliers = std::min(outliers, candidates.size() - 1);
  const RobustKCenter state(x, candidates, labeled, costs);
  const float widest = state.greedy_radius(count);
  Cover best = state.cover(widest, count, outliers);
  uint32_t low = 0;
  uint32_t high = std::bit_cast<uint32_t>(widest);
  // Floats that are not negative are ordered as their bits are.
  if (Cover at_zero = state.cover(0, count, outliers); at_zero.uncovered <= outliers) {
    best = std::move(at_zero);
    high = 0;
  }
  while (high - low > 1 && high > 0) {
    const uint32_t middle = low + (high - low) / 2;
    Cover here = state.cover(std::bit_cast<float>(middle), count, outliers);
    const bool is_feasible = here.uncovered <= outliers;
    (is_feasible ? high : low) = middle;
    if (is_feasible) best = std::move(here);
  }
  state.fill(count, best);
  return best.centers;
}

}  // namespace querist::kernels
