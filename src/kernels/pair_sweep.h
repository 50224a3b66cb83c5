// Sums over every pair of rows of two sets, or of one with itself, without a table of the pairs.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/similarity.h"

namespace querist::kernels {

// Chosen rows of features with what the kernel reads of each. Borrows all of it.
struct SweepRows {
  const Features& x;
  std::span<const int64_t> rows;
  std::span<const float> norms;  // kernel_norms of them.
};

// For every row i the sum over all j of weights[j] * max(0, k(i, j) - best[j]), i itself among the
// j. Each pair is computed once: n^2 / 2 products of 2 · cols flops. Memory: 128 bytes a row. The
// same for any number of threads.
std::vector<double> growth_of_all(Kernel kernel, const SweepRows& rows,
                                  std::span<const float> weights, std::span<const float> best);

// For every candidate the sum over the targets of weights[t] * max(0, k - best[t]): one number a
// candidate, which does not depend on the other candidates.
std::vector<double> growth(Kernel kernel, const SweepRows& candidates, const SweepRows& targets,
                           std::span<const float> weights, std::span<const float> best);

// How much less that is with best = after than with best = before; before <= after.
std::vector<double> shrinkage(Kernel kernel, const SweepRows& candidates, const SweepRows& targets,
                              std::span<const float> weights, std::span<const float> before,
                              std::span<const float> after);

// best[t] = max(best[t], k(t, c) for all covering c).
void raise_best(Kernel kernel, const SweepRows& covering, const SweepRows& targets,
                std::span<float> best);

}  // namespace querist::kernels
