// Which approximate values may be among the k best, so that only those are computed in double.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "data/pool.h"
#include "kernels/expected_entropy.h"

namespace querist::strategies {

// Gains closer than this (in nats) are ties: double sums of equal terms in another order differ.
constexpr double tie = 1e-12;

inline kernels::Committee committee_of(const Pool& pool) {
  const Members& m = pool.member_probabilities;
  return {m.members, m.rows, m.cols, m.values};
}

// Indices, ascending, of values that may be among the k best when values[i] is off by up to
// slack / costs[i]; NaN is none. Where so many are as good as tied that they would be more than
// 2k + 64, the best k + 32 of them by value and the first k + 32.
std::vector<size_t> contenders(std::span<const double> values, std::span<const double> costs,
                               double slack, size_t k);

}  // namespace querist::strategies
