// Weights in blocks with a sum each: a draw looks at the sums, then into one block.
#include "kernels/gradient_sampling.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "base/interrupt.h"
#include "base/threads.h"

namespace querist::kernels {

class GradientSampler {
 public:
  GradientSampler(const Gradients& g, std::span<const int64_t> candidates,
                  std::span<const float> costs)
      : g_(g),
        candidates_(candidates),
        costs_(costs),
        terms_(gradient_terms(g, candidates)),
        centers_(g),
        nearest_(candidates.size(), std::numeric_limits<double>::infinity()),
        sums_((candidates.size() + block - 1) / block, 0) {}

  GradientPick first() const {
    GradientPick pick;
    double most = -1;
    for (size_t i = 0; i < candidates_.size(); ++i) {
      const double weight = terms_.norms[i] / cost(i);
      if (weight > most) most = weight, pick = {i, terms_.norms[i]};
    }
    return pick;
  }

  void take(size_t i) {
    centers_.add(g_, candidates_[i], terms_.norms[i], terms_.likeliest[i]);
    nearest_[i] = taken;
    sums_[i / block] = block_sum(i / block);
  }

  // Every weight exact.
  void refresh() {
    parallel_for(sums_.size(), 1, [&](size_t begin, size_t end) {
      for (size_t k = begin; k < end; ++k) {
        const size_t from = k * block, n = std::min(block, candidates_.size() - from);
        meet(from, n, met_, centers_.count());
        sums_[k] = block_sum(k);
      }
    });
    counts.centers = met_ = centers_.count();
    spent_ = 0;
    ++counts.passes;
  }

  GradientPick draw(Rng& rng, Weights weights) {
    for (;;) {
      check_interrupt();
      if (met_ == 0 || weights == Weights::fresh || is_refresh_cheaper()) refresh();
      double total = 0;
      for (const double sum : sums_) total += sum;
      if (total <= 0) {
        even_ = true;  // Weights only shrink: they are all 0 from now on.
        for (size_t k = 0; k < sums_.size(); ++k) total += sums_[k] = block_sum(k);
      }
      const size_t i = at(rng.uniform() * total);
      ++counts.proposals;
      if (even_ || met_ == centers_.count() || accept(i, rng)) return {i, nearest_[i]};
    }
  }

  GradientCounts counts;

 private:
  static constexpr size_t block = 512;
  static constexpr size_t step = 16;  // Centres between two looks whether a proposal has failed.
  static constexpr double taken = -1;

  double cost(size_t i) const { return costs_.empty() ? 1 : static_cast<double>(costs_[i]); }
  double weight(size_t i) const {
    if (nearest_[i] == taken) return 0;
    return (even_ ? 1 : nearest_[i]) / cost(i);
  }
  double block_sum(size_t k) const {
    double sum = 0;
    for (size_t i = k * block; i < std::min((k + 1) * block, candidates_.size()); ++i)
      sum += weight(i);
    return sum;
  }

  void meet(size_t from, size_t n, size_t begin, size_t end) {
    const auto nearest = std::span(nearest_).subspan(from, n);
    gradient_update(g_, candidates_.subspan(from, n), std::span(terms_.norms).subspan(from, n),
                    std::span(terms_.likeliest).subspan(from, n), centers_, begin, end, nearest);
  }

  // A pair costs about four times as much alone as in a pass.
  bool is_refresh_cheaper() const {
    return met_ < centers_.count() &&
           static_cast<double>(spent_) * 4 > static_cast<double>(candidates_.size()) *
                                                 static_cast<double>(centers_.count() - met_);
  }

  // The candidate whose weights' interval holds the place; the last one of some weight where
  // rounding leaves none.
  size_t at(double place) const {
    size_t last = candidates_.size();
    for (size_t k = 0; k < sums_.size(); ++k) {
      const bool is_here = place < sums_[k];
      if (!is_here) place -= sums_[k];
      if (!is_here && sums_[k] > 0) last = k;
      if (!is_here) continue;
      last = k;
      break;
    }
    QUERIST_CHECK(last < sums_.size());
    size_t found = candidates_.size();
    for (size_t i = last * block; i < std::min((last + 1) * block, candidates_.size()); ++i) {
      const double own = weight(i);
      if (own <= 0) continue;
      found = i;
      if (place < own) break;
      place -= own;
    }
    return found;
  }

  // Meets centres only until the answer is certain; what is left is still a bound of the weight.
  bool accept(size_t i, Rng& rng) {
    const double threshold = rng.uniform() * nearest_[i];
    for (size_t from = met_; from < centers_.count() && nearest_[i] > threshold; from += step) {
      const size_t end = std::min(from + step, centers_.count());
      meet(i, 1, from, end);
      spent_ += end - from;
      counts.pairs += end - from;
    }
    if (nearest_[i] > threshold) return true;
    sums_[i / block] = block_sum(i / block);
    return false;
  }

  const Gradients& g_;
  std::span<const int64_t> candidates_;
  std::span<const float> costs_;
  GradientTerms terms_;
  GradientCenters centers_;
  std::vector<double> nearest_;  // A bound from above of the squared distance; or taken.
  std::vector<double> sums_;     // Of the weights of each block.
  size_t met_ = 0;               // Centres that every candidate has met.
  size_t spent_ = 0;             // Pairs of proposals since.
  bool even_ = false;
};

std::vector<GradientPick> sample_gradients(const Gradients& g, std::span<const int64_t> candidates,
                                           size_t count, Rng& rng, std::span<const float> costs,
                                           Weights weights, GradientCounts* counts) {
  QUERIST_CHECK(costs.empty() || costs.size() == candidates.size());
  count = std::min(count, candidates.size());
  std::vector<GradientPick> picks;
  if (count == 0) return picks;
  GradientSampler sampler(g, candidates, costs);
  while (picks.size() < count) {
    picks.push_back(picks.empty() ? sampler.first() : sampler.draw(rng, weights));
    if (picks.size() < count) sampler.take(picks.back().candidate);
  }
  if (counts) *counts = sampler.counts;
  return picks;
}

}  // namespace querist::kernels
