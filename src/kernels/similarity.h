// How alike two rows are, as the coverage objective counts it: every kernel is made of a dot
// product and one number a row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/matrix.h"

namespace querist::kernels {

// With d the Euclidean distance; all lie at 0 or above, so that covering more never costs.
// gaussian: exp(-value d^2).
// ball: 1 if d <= value, else 0, decided in double where float32 could err.
// cosine: (1 + cos) / 2; a row of zeros has cosine 0 to all. Picks are those of the plain cosine.
// negative_distance: value - d, at least 0; picks are those of k-medoids for any value that no
// distance exceeds (Kaufman and Rousseeuw 1987).
// inverse_distance: 1 / (1 + d).
enum class Similarity { gaussian, ball, cosine, negative_distance, inverse_distance };

struct Kernel {
  Similarity similarity = Similarity::gaussian;
  float value = 1;
};

// What `similarities` reads of each row besides the products: its squared length, or, for cosine,
// the inverse of its length.
std::vector<float> kernel_norms(Kernel kernel, const Features& x, std::span<const int64_t> rows);

// n rows against a panel of `width` rows (pair_blocks.h).
struct PairBlock {
  const float* const* rows = nullptr;
  const float* norms = nullptr;
  size_t n = 0;
  const float* panel = nullptr;
  const float* panel_norms = nullptr;
  size_t width = 0;
  size_t cols = 0;
};

// values (n, width): products in, similarities out; each depends on its two rows alone, whichever
// side they are on.
void similarities(Kernel kernel, const PairBlock& block, float* values);

// sums[j] += sum over i of weights[i] * max(0, values[i][j] - best[i]).
void add_growth(const float* values, size_t n, size_t width, const float* weights,
                const float* best, double* sums);
// sums[j] += sum over i of weights[i] * (max(0, values[i][j] - before[i])
//                                        - max(0, values[i][j] - after[i])); before <= after.
void add_shrinkage(const float* values, size_t n, size_t width, const float* weights,
                   const float* before, const float* after, double* sums);
// sums[i] += sum over j of weights[j] * max(0, values[i][j] - best[j]).
void add_growth_across(const float* values, size_t n, size_t width, const float* weights,
                       const float* best, double* sums);
// best[i] = max(best[i], values[i][j] for all j).
void raise_best(const float* values, size_t n, size_t width, float* best);

}  // namespace querist::kernels
