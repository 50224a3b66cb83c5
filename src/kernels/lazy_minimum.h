// Each candidate's least distance to a growing set of centres, computed only where it may decide:
// the lazy greedy choice (Minoux 1978) of whatever prefers far candidates.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "base/threads.h"
#include "kernels/nearest_update.h"

namespace querist::kernels {

// What a choice cost, for benchmarks: rows_read / candidates is the number of whole passes.
struct DistanceCounts {
  size_t rows_read = 0;  // Fetched rows: cols · 4 bytes each, or 2 for halves.
  size_t pairs = 0;      // Computed distances: 3 · cols flops each.
  size_t scans = 0;      // Looks over all bounds, 4 bytes a candidate.
};

// A minimum only shrinks, so one that has not met the latest centres still bounds the true one from
// above. A shortlist of the candidates of largest bound is kept exact; a candidate outside is
// looked at only when no listed one reaches the threshold that the others lie below. The choice is
// the same as with every minimum exact. predictions: one a candidate, empty unless each squared
// distance is multiplied by (prediction - target)^2. Memory: 8 bytes a candidate, 4 · cols a
// centre.
class LazyMinimum {
 public:
  LazyMinimum(const Features& x, std::span<const int64_t> candidates, size_t shortlist = 1024,
              std::span<const float> predictions = {})
      : x_(x),
        candidates_(candidates),
        predictions_(predictions),
        nearest_(candidates.size(), std::numeric_limits<float>::infinity()),
        seen_(candidates.size(), 0),
        least_(std::max<size_t>(shortlist, 1)),
        wanted_(least_) {}

  void add_center(int64_t row, float target = 0) {
    const Matrix center = dense_rows(x_, std::span(&row, 1));
    centers_.insert(centers_.end(), center.values.begin(), center.values.end());
    targets_.push_back(target);
    ++count_;
  }
  // It is never the best again.
  void remove(size_t candidate) {
    nearest_[candidate] = -1;
    std::erase(listed_, candidate);
  }
  float squared(size_t candidate) const { return nearest_[candidate]; }
  const DistanceCounts& counts() const { return counts_; }

  // The candidate of largest worth(candidate, squared distance), ties to the lower; its distance is
  // exact. worth: a double of at least 0 that never falls as the distance grows and never grows
  // from call to call. At least one candidate must be left.
  template <class Worth>
  size_t best(const Worth& worth) {
    for (;;) {
      settle(worth);
      size_t found = candidates_.size();
      double most = -1;
      for (const size_t i : listed_) {
        const double own = worth(i, nearest_[i]);
        if (own > most || (own == most && i < found)) most = own, found = i;
      }
      if (found < candidates_.size()) {
        ++picks_;
        narrow(worth);
        return found;
      }
      widen(worth);
    }
  }

 private:
  static constexpr size_t group = 4;   // Candidates that meet a block of centres together.
  static constexpr size_t block = 16;  // Centres between two looks whether to go on.
  static constexpr size_t sample = 16'384;

  // Brings the listed up to date; those that fall below the threshold stop early and leave.
  template <class Worth>
  void settle(const Worth& worth) {
    std::vector<size_t> pairs((listed_.size() + group - 1) / group, 0);
    parallel_for(pairs.size(), 16, [&](size_t begin, size_t end) {
      for (size_t g = begin; g < end; ++g) {
        pairs[g] = settle_group(
            std::span(listed_).subspan(g * group, std::min(group, listed_.size() - g * group)),
            worth);
      }
    });
    for (const size_t p : pairs) counts_.pairs += p, counts_.rows_read += p ? group : 0;
    std::erase_if(listed_, [&](size_t i) { return worth(i, nearest_[i]) < threshold_; });
  }

  template <class Worth>
  size_t settle_group(std::span<const size_t> members, const Worth& worth) {
    int64_t rows[group];
    float nearest[group];
    float predictions[group] = {};
    size_t from = count_;
    for (size_t m = 0; m < members.size(); ++m) {
      rows[m] = candidates_[members[m]];
      nearest[m] = nearest_[members[m]];
      if (!predictions_.empty()) predictions[m] = predictions_[members[m]];
      from = std::min<size_t>(from, seen_[members[m]]);
    }
    size_t pairs = 0;
    bool alive = true;
    while (from < count_ && alive) {  // A centre that a member has met before changes nothing.
      const size_t width = std::min(block, count_ - from);
      const TargetGaps gaps = {{predictions, members.size()}, {targets_.data() + from, width}};
      nearest_update(x_, {rows, members.size()}, {width, x_.cols, centers_.data() + from * x_.cols},
                     {nearest, members.size()}, predictions_.empty() ? nullptr : &gaps);
      from += width;
      pairs += width * members.size();
      alive = false;
      for (size_t m = 0; m < members.size(); ++m)
        alive = alive || worth(members[m], nearest[m]) >= threshold_;
    }
    for (size_t m = 0; m < members.size(); ++m) {
      nearest_[members[m]] = nearest[m];
      seen_[members[m]] = std::max(seen_[members[m]], static_cast<uint32_t>(from));
    }
    return pairs;
  }

  // A list that is long because many bounds fell at once is cut where keeping it exact would cost
  // more than looks over all bounds: the threshold may rise at any time.
  template <class Worth>
  void narrow(const Worth& worth) {
    const size_t most = std::max(least_, candidates_.size() / 64);
    wanted_ = std::min(wanted_, most);
    if (listed_.size() <= 2 * most) return;
    std::vector<double> worths;
    for (const size_t i : listed_) worths.push_back(worth(i, nearest_[i]));
    const auto at = worths.begin() + static_cast<std::ptrdiff_t>(most - 1);
    std::nth_element(worths.begin(), at, worths.end(), std::greater<>());
    threshold_ = std::max(threshold_, *at);
    std::erase_if(listed_, [&](size_t i) { return worth(i, nearest_[i]) < threshold_; });
  }

  // Lowers the threshold to about the wanted-th largest bound, read off an even sample.
  template <class Worth>
  void widen(const Worth& worth) {
    const size_t n = candidates_.size();
    if (picks_ < 8) wanted_ *= 2;
    if (picks_ > 32) wanted_ = std::max(least_, wanted_ / 2);
    wanted_ = std::min(wanted_, n);
    picks_ = 0;
    ++counts_.scans;
    const size_t step = std::max<size_t>(1, n / sample);
    std::vector<double> bounds;
    for (size_t i = 0; i < n; i += step) {
      if (nearest_[i] >= 0) bounds.push_back(worth(i, nearest_[i]));
    }
    const size_t rank = std::max<size_t>(1, wanted_ / step);
    threshold_ = 0;  // Below it lies nothing.
    if (rank < bounds.size()) {
      const auto at = bounds.begin() + static_cast<std::ptrdiff_t>(rank - 1);
      std::nth_element(bounds.begin(), at, bounds.end(), std::greater<>());
      threshold_ = *at;
    }
    listed_.clear();
    for (size_t i = 0; i < n; ++i) {
      if (nearest_[i] >= 0 && worth(i, nearest_[i]) >= threshold_) listed_.push_back(i);
    }
    const auto by_seen = [&](size_t a, size_t b) { return seen_[a] < seen_[b]; };
    if (!std::is_sorted(listed_.begin(), listed_.end(), by_seen))
      std::stable_sort(listed_.begin(), listed_.end(), by_seen);
  }

  Features x_;
  std::span<const int64_t> candidates_;
  std::span<const float> predictions_;
  std::vector<float> nearest_;  // Squared, of the centres seen; -1: removed.
  std::vector<uint32_t> seen_;  // How many centres, the first ones, the minimum has met.
  std::vector<float> centers_;
  std::vector<float> targets_;  // One a centre.
  size_t count_ = 0;
  std::vector<size_t> listed_;
  double threshold_ = 0;
  size_t least_, wanted_, picks_ = 0;
  DistanceCounts counts_;
};

}  // namespace querist::kernels
