// k-means: whole sweeps (Lloyd 1982) or mini-batches (Sculley 2010), from k-means++ centres (Arthur
// and Vassilvitskii 2007).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/matrix.h"
#include "base/rng.h"

namespace querist::kernels {

struct KMeansOptions {
  size_t clusters = 8;          // No more than there are rows.
  size_t max_iterations = 100;  // Sweeps, or mini-batches.
  double tolerance = 1e-4;  // Sweeps end when one lowers the inertia by no more than this share.
  size_t batch = 0;         // Rows of a mini-batch; 0: whole sweeps.
};

// Every row lies with its nearest centre.
struct Clustering {
  Matrix centers;                // (clusters, d).
  std::vector<int32_t> cluster;  // One a row; ties go to the lower.
  std::vector<float> squared;    // Squared distance of each row to the centre of its cluster.
  double inertia = 0;            // Sum of weight times squared.
  size_t iterations = 0;
};

// Clusters rows of x, dense or half. weights: one a row, not negative, not all 0; empty: all 1.
// The same for any number of threads. A cluster without weight moves to the row of largest weight
// times squared distance, where one is above 0; where all distances are 0 (fewer distinct rows than
// clusters) it stays empty. Flops of a sweep: 2 n k d + 5 n d; bytes: the rows twice. Memory: 12
// bytes a row and 24 a number of the centres; halves are never widened as a whole.
//
// With a batch, mini-batches of rows drawn without replacement move each centre to the mean of all
// that it was given; after ten without a lower average inertia, or max_iterations, two whole sweeps
// give the answer.
Clustering k_means(const Features& x, std::span<const int64_t> rows, std::span<const float> weights,
                   const KMeansOptions& options, Rng& rng);

// Whole sweeps from the centres given.
Clustering lloyd(const Features& x, std::span<const int64_t> rows, std::span<const float> weights,
                 Matrix centers, const KMeansOptions& options);

// Rows drawn one after the other, each with a chance in proportion to its weight times its squared
// distance to those drawn before (plain k-means++, one trial a centre); where all distances are 0,
// the lowest rows not drawn. Up to 32 are proposed from the distances of one pass and each kept
// with the chance that its distance has not fallen since: the same distribution as one pass a
// centre, with a thirtieth of the passes. Indices into rows.
std::vector<size_t> plus_plus_rows(const Features& x, std::span<const int64_t> rows,
                                   std::span<const float> weights, size_t clusters, Rng& rng);

}  // namespace querist::kernels
