// What QUIRE knows of every row without a label, kept from one label to the next: a label costs one
// product a row then, where a new factor of the labelled rows' kernel would cost their square.
#pragma once

#include <algorithm>
#include <vector>

#include "data/pool.h"
#include "strategies/kept/kept_labels.h"

namespace querist::strategies {

// Minus the worst case over labelings of yᵀS⁻¹y + (1 - f)²/v; norms and predictions of each.
// explained: k_sᵀ S⁻¹ k_s.
inline double quire_utility(const std::vector<double>& norms, const double* predicted,
                            double explained, double lmbda) {
  const double variance = lmbda + std::max(0.0, 1 - explained);
  double worst = 0;
  for (size_t c = 0; c < norms.size(); ++c) {
    const double gap = 1 - predicted[c];
    worst = std::max(worst, norms[c] + gap * gap / variance);
  }
  return -worst;
}

// The factor R of S = R Rᵀ grows by a row a label, in the order in which the labels came; so its
// results differ in their last digits from those of a factor in another order. Not thread-safe:
// one caller at a time.
class QuireMemory {
 public:
  // Brings everything up to date with the pool's labels. False where that would take more than 200
  // MB of numbers, or more labels are new than are worth taking in one by one; nothing is kept
  // then. gamma above 0. Flops of a label: 2 for each one before, and 3 · cols and an exponential,
  // for every row without a label.
  bool look_at(const Pool& pool, double lmbda, double gamma);

  std::vector<double> utilities(std::span<const int64_t> candidates) const;
  // The share of a utility that differs at most where the factor has its rows in another order,
  // several times what is seen: by the condition of S, whose norm is at most its largest row sum.
  double rounding() const;

 private:
  void start(const Pool& pool, double lmbda, double gamma);
  void add(const Features& x, size_t row, int32_t label);

  KeptLabels labels_;
  double lmbda_ = 1, gamma_ = 1;
  std::vector<std::vector<double>> whitened_;  // R⁻¹ k of each row without a label.
  std::vector<double> explained_;              // Its squared length.
  std::vector<double> sums_;                   // Of each row's kernel over the rows with a label.
  std::vector<double> predicted_;              // (rows, classes): each class against the rest.
  std::vector<double> norms_;                  // yᵀ S⁻¹ y of each class.
};

}  // namespace querist::strategies
