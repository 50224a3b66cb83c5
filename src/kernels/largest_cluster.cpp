// One pass over the candidates finds the cluster, another, mostly skipped, lowers the distances.
#include "kernels/largest_cluster.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "base/interrupt.h"
#include "base/threads.h"
#include "kernels/center_panels.h"
#include "kernels/nearest_rows.h"

namespace querist::kernels {

// More than the relative error of any float32 sum of squared differences.
static constexpr float slack = 1 + 1e-3f;

class LargestCluster {
 public:
  LargestCluster(const Features& x, std::span<const int64_t> candidates,
                 std::span<const int64_t> labeled, std::span<const float> costs)
      : x_(x),
        candidates_(candidates),
        centers_(labeled.begin(), labeled.end()),
        squared_(candidates.size()),
        center_(candidates.size()),
        is_picked_(candidates.size()) {
    nearest_rows(x, candidates, labeled, center_, squared_);
    if (costs.empty()) return;
    const float least = *std::min_element(costs.begin(), costs.end());
    for (const float cost : costs) worth_.push_back(least / cost * (least / cost));
  }

  // The farthest candidate of the largest cluster.
  LargestClusterPick pick() {
    if (centers_.empty()) return longest();
    struct Cluster {
      double sum = 0;
      double most = -1;
      size_t farthest = 0;
    };
    std::vector<Cluster> clusters(centers_.size());
    for (size_t i = 0; i < candidates_.size(); ++i) {
      if (is_picked_[i]) continue;
      Cluster& own = clusters[static_cast<size_t>(center_[i])];
      const double value = worth_of(i);
      own.sum += value;
      if (value > own.most) own.most = value, own.farthest = i;
    }
    const Cluster* largest = nullptr;
    for (const Cluster& cluster : clusters) {
      if (cluster.most >= 0 && (!largest || cluster.sum > largest->sum)) largest = &cluster;
    }
    return {largest->farthest, std::sqrt(squared_[largest->farthest])};
  }

  void add_center(size_t candidate) {
    const Matrix row = dense_rows(x_, candidates_.subspan(candidate, 1));
    // Four times the squared distance that a candidate must have to be worth a look.
    std::vector<float> reach(centers_.size());
    parallel_for(centers_.size(), 1024, [&](size_t begin, size_t end) {
      for (size_t c = begin; c < end; ++c) reach[c] = squared_distance(x_, centers_[c], row.row(0));
    });
    const auto name = static_cast<int32_t>(centers_.size());
    is_picked_[candidate] = 1;
    parallel_for(candidates_.size(), 1024, [&](size_t begin, size_t end) {
      std::vector<char> skip(end - begin);
      for (size_t i = begin; i < end; ++i) {
        const bool is_far =
            !reach.empty() && 4 * slack * squared_[i] <= reach[static_cast<size_t>(center_[i])];
        skip[i - begin] = is_picked_[i] || is_far;
      }
      lower_distances(x_, candidates_.subspan(begin, end - begin), row.row(0), skip, name,
                      std::span(squared_).subspan(begin, end - begin),
                      std::span(center_).subspan(begin, end - begin));
    });
    centers_.push_back(candidates_[candidate]);
  }

 private:
  double worth_of(size_t i) const {
    return double{squared_[i]} * (worth_.empty() ? 1 : double{worth_[i]});
  }

  LargestClusterPick longest() {
    const std::vector<float> origin(x_.cols);
    parallel_for(candidates_.size(), 1024, [&](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i)
        squared_[i] = squared_distance(x_, candidates_[i], origin);
    });
    size_t best = 0;
    for (size_t i = 1; i < candidates_.size(); ++i) {
      if (worth_of(i) > worth_of(best)) best = i;
    }
    const float distance = std::sqrt(squared_[best]);
    std::ranges::fill(squared_, std::numeric_limits<float>::infinity());
    return {best, distance};
  }

  Features x_;
  std::span<const int64_t> candidates_;
  std::vector<int64_t> centers_;  // The labelled rows, then the picked ones.
  std::vector<float> squared_;    // Of each candidate, to its nearest centre.
  std::vector<int32_t> center_;
  std::vector<char> is_picked_;
  std::vector<float> worth_;  // The square of least cost / cost; empty: all 1.
};

std::vector<LargestClusterPick> largest_cluster_picks(const Features& x,
                                                      std::span<const int64_t> candidates,
                                                      std::span<const int64_t> labeled,
                                                      size_t count, std::span<const float> costs) {
  QUERIST_CHECK(costs.empty() || costs.size() == candidates.size());
  count = std::min(count, candidates.size());
  LargestCluster state(x, candidates, labeled, costs);
  std::vector<LargestClusterPick> picks;
  while (picks.size() < count) {
    picks.push_back(state.pick());
    state.add_center(picks.back().candidate);
    check_interrupt();
  }
  return picks;
}

}  // namespace querist::kernels
