// Active testing: the mean loss over a pool from test labels that were chosen, not drawn uniformly
// (Farquhar, Gal and Rainforth 2021; Kossen et al. 2021).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "metrics/estimate.h"

namespace querist::metrics {

// Rows drawn one after another without replacement, each with chance proportional to its proposal
// among those left; propensities[m] is that chance at draw m.
struct TestDraws {
  std::vector<int64_t> rows;
  std::vector<double> propensities;
};

// proposal: one positive number a row. Refuses more draws than rows. O(n + count ln n).
TestDraws draw_test_rows(std::span<const double> proposal, size_t count, uint64_t seed);

// What to draw by: each number but at least `share` of their mean, so that no weight gets large.
// Equal numbers where all are 0.
std::vector<double> clipped_proposal(std::span<const double> expected_loss, double share = 0.1);

// v_m = 1 + (N - M) / (N - m) * (1 / ((N - m + 1) q_m) - 1) for draws m = 1 … M of a pool of N.
std::vector<double> lure_weights(std::span<const double> propensities, size_t pool_size);

// The levelled unbiased risk estimator: mean of v_m L_m over the draws in their order. It is
// unbiased whatever the proposal; with a uniform one it is the plain mean. The variance is that of
// its martingale: the estimator is the mean of c_m a_m, where a_m = L_m / (N q_m) + sum of the
// losses before m / N has the true mean at every draw, and c_m = N (N - M) / ((N - m)(N - m + 1)).
// The interval is Student's with M - 1 degrees, cut off at 0 where no loss is negative; it has no
// width where all losses are 0, and none at M = N, where the answer is exact. It is too narrow
// where few of the draws have a loss at all. Needs two draws.
Estimate lure(std::span<const double> losses, std::span<const double> propensities,
              size_t pool_size, double confidence = 0.95);

}  // namespace querist::metrics
