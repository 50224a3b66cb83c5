// The labels that the rows picked so far may get together: all configurations of them, or a sample.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/rng.h"
#include "kernels/expected_entropy.h"

namespace querist::strategies {

// Every configuration while classes^rows <= samples; from then on `samples` drawn ones, each of
// them from one member's probabilities and the members in turn (as in the reference code of Kirsch
// et al. 2019), which weigh the same. Bytes: 8 · members · outcomes.
class JointLabels {
 public:
  JointLabels(size_t members, size_t samples, Rng& rng);

  // Joins a row, (members, classes) as read_row gives it.
  void add(std::span<const double> row);
  const kernels::Outcomes& outcomes() const { return outcomes_; }
  bool exact() const { return member_of_.empty(); }

 private:
  void enumerate(std::span<const double> row);
  void start_sampling();
  void extend(std::span<const double> row);

  size_t samples_;
  Rng& rng_;
  kernels::Outcomes outcomes_;
  std::vector<std::vector<double>> rows_;  // Joined while exact.
  std::vector<size_t> member_of_;          // Of each sample, whose probabilities it is drawn from.
};

}  // namespace querist::strategies
