// How far the members of a committee disagree about each row: votes (Dagan and Engelson 1995),
// consensus (Gal, Islam and Ghahramani 2017), mutual information (Houlsby et al. 2011).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace querist::kernels {

// What to compute: one number a chosen row; an empty span is not computed. 0 ln 0 is 0, in nats.
// V_c is how many of the K members find class c likeliest, ties going to the lower class; q is the
// mean of the members' probabilities.
struct Disagreement {
  std::span<double> vote_entropy{};       // -sum_c V_c/K ln(V_c/K); equal votes give equal bits.
  std::span<double> consensus_entropy{};  // H(q) = -sum_c q_c ln q_c.
  std::span<double> bald{};  // (1/K) sum_k KL(p_k || q) = H(q) - (1/K) sum_k H(p_k), at least 0.
  std::span<double> variation_ratio{};  // 1 - max_c V_c / K.
};

// probabilities: (members, rows, classes), row-major; rows chosen by number, in any order. Each
// block of rows is read once from every member, so the traffic is 4 * members * chosen * classes
// bytes whatever is asked for; logarithms (one a number for bald, one a row and class for the
// consensus) and all sums are double, with errors below 1e-12 (2500 classes). A mutual information
// below 1e-13 + 1e-15 * classes is 0: rounding gives as much where members are equal.
void disagreement(const float* probabilities, size_t members, size_t rows, size_t classes,
                  std::span<const int64_t> chosen, const Disagreement& out);

}  // namespace querist::kernels
