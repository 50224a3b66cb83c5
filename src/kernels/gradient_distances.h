// Distances between gradient embeddings, the outer product of what a softmax layer gets wrong and
// the features (Ash et al. 2020), from its two factors: no embedding is ever made.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/matrix.h"

namespace querist::kernels {

// The embedding of row r: (p_r - e_y) ⊗ x_r, y the likeliest class of r (ties to the lower); with
// bias, x_r followed by a 1. x dense or half.
struct Gradients {
  Features x;
  MatrixView probabilities;
  bool bias = false;
};

// What a distance needs of each row besides its factors.
struct GradientTerms {
  std::vector<double> norms;       // Squared.
  std::vector<int32_t> likeliest;  // The class y.
};

// Of chosen rows, over all threads.
GradientTerms gradient_terms(const Gradients& g, std::span<const int64_t> rows);

// Rows that others are compared with, their factors laid out for it: 4 · (cols + classes) bytes
// each, both rounded up to a multiple of 64.
class GradientCenters {
 public:
  explicit GradientCenters(const Gradients& g);
  void add(const Gradients& g, int64_t row, double norm, int32_t likeliest);
  size_t count() const { return norms_.size(); }

 private:
  friend void gradient_update(const Gradients&, std::span<const int64_t>, std::span<const double>,
                              std::span<const int32_t>, const GradientCenters&, size_t, size_t,
                              std::span<double>);
  size_t x_stride_, q_stride_;
  std::vector<float> x_, q_;
  std::vector<double> norms_;
};

// nearest[i] = min(nearest[i], |g_r - g_c|^2) over the centres begin … end-1, r = rows[i]; norms
// and likeliest are those of the rows. Never negative; a duplicate is at 0; a distance depends on
// its two rows alone, bit for bit. Error: about 1e-7 of the two squared norms, for the distance is
// made of them and a product in float. Runs on the caller's thread. Flops: 2 · (cols + classes) a
// pair; bytes: each row once, the centres once for every four rows.
void gradient_update(const Gradients& g, std::span<const int64_t> rows,
                     std::span<const double> norms, std::span<const int32_t> likeliest,
                     const GradientCenters& centers, size_t begin, size_t end,
                     std::span<double> nearest);

}  // namespace querist::kernels
