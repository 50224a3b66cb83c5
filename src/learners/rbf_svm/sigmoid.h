// Probabilities from decision values: a fitted sigmoid a pair of classes, and the coupling of
// pairs.
#pragma once

#include <cstdint>
#include <span>

namespace querist::learners {

// P(positive) = 1 / (1 + exp(slope · decision + offset)); the slope is negative where larger
// decisions speak for the positive class.
struct Sigmoid {
  double slope = -1;
  double offset = 0;
};

double probability(const Sigmoid& sigmoid, double decision);

// Platt's sigmoid (2000) by Newton's method with backtracking as Lin, Lin and Weng (2007) do it:
// targets (N+ + 1) / (N+ + 2) and 1 / (N- + 2), where a row of weight w counts as w rows.
Sigmoid fit_sigmoid(std::span<const double> decisions, std::span<const char> positive,
                    std::span<const double> weights);

// Pairwise coupling, the second method of Wu, Lin and Weng (2004). pairwise: (classes, classes),
// entry (a, b) = P(a | a or b), the diagonal unread; out: classes probabilities.
void couple(std::span<const double> pairwise, size_t classes, std::span<double> out);

}  // namespace querist::learners
