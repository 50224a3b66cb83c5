// The variance of a committee's predictions against two plain passes in double.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "strategies/strategy.h"

namespace querist::strategies {

TEST(CommitteeVariance, PicksTheLargestVarianceOfRandomCommittees) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Rng rng(seed);
    const size_t members = 1 + rng.below(6), size = 5 + rng.below(40);
    Matrix predictions(members, size);
    // A large offset: the difference of two sums of squares would lose the variance.
    for (float& v : predictions.values) v = static_cast<float>(1000 + rng.normal());
    std::vector<int64_t> candidates(size);
    std::iota(candidates.begin(), candidates.end(), 0);
    std::vector<double> expected(size, 0);
    for (size_t i = 0; i < size; ++i) {
      double mean = 0;
      for (size_t m = 0; m < members; ++m) mean += double{predictions.at(m, i)};
      mean /= static_cast<double>(members);
      for (size_t m = 0; m < members; ++m) {
        const double gap = double{predictions.at(m, i)} - mean;
        expected[i] += gap * gap / static_cast<double>(members);
      }
    }
    Pool pool;
    pool.size = size;
    pool.candidates = candidates;
    pool.member_predictions = predictions;
    const auto found = select_batch(committee_variance(), pool, 5, Params(), 0);
    std::vector<double> sorted = expected;
    std::sort(sorted.rbegin(), sorted.rend());
    for (size_t i = 0; i < found.rows.size(); ++i) {
      EXPECT_NEAR(found.utilities[i], expected[static_cast<size_t>(found.rows[i])], 1e-9);
      EXPECT_NEAR(found.utilities[i], sorted[i], 1e-9);
    }
  }
}

}  // namespace querist::strategies
