// What a class without a label gets from learners that know only the classes they saw.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace querist::learners {

// Classes without a label share this much of one label as a pseudo count, as in
// logistic_regression.
inline constexpr double unseen_count = 0.05;

// The share of probability that all unseen classes have together: 0 where there is none, else
// below 0.05.
inline double unseen_share(double labels, size_t seen, size_t classes) {
  return seen < classes ? unseen_count / (labels + unseen_count) : 0;
}

// Writes shares of the seen classes, which sum to 1, and the unseen share into one row of
// probabilities. seen: the ids of the seen classes, ascending.
inline void spread(std::span<const double> shares, std::span<const int32_t> seen, double unseen,
                   std::span<float> out) {
  if (seen.size() < out.size()) {
    const double each = unseen / static_cast<double>(out.size() - seen.size());
    for (float& value : out) value = static_cast<float>(each);
  }
  for (size_t k = 0; k < seen.size(); ++k)
    out[static_cast<size_t>(seen[k])] = static_cast<float>((1 - unseen) * shares[k]);
}

}  // namespace querist::learners
