// Farthest-first against its definition in double precision.
#include "kernels/k_center.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/rng.h"

namespace querist::kernels {

TEST(FarthestFirst, PicksWhatTheDefinitionPicks) {
  Rng rng(4);
  Matrix x(150, 5);
  for (float& v : x.values) v = static_cast<float>(rng.normal());
  std::vector<int64_t> candidates(140), labeled = {140, 145};
  std::iota(candidates.begin(), candidates.end(), 0);
  const auto picks = farthest_first(x, candidates, labeled, 20, 0);

  std::vector<int64_t> centers = labeled;
  for (const CenterPick& pick : picks) {
    double best = -1;
    size_t expected = 0;
    for (size_t c = 0; c < candidates.size(); ++c) {
      double nearest = 1e300;
      for (const int64_t center : centers) {
        double sum = 0;
        for (size_t j = 0; j < x.cols; ++j) {
          sum += std::pow(double{x.at(static_cast<size_t>(candidates[c]), j)} -
                              x.at(static_cast<size_t>(center), j),
                          2);
        }
        nearest = std::min(nearest, std::sqrt(sum));
      }
      if (nearest > best) best = nearest, expected = c;
    }
    EXPECT_EQ(pick.candidate, expected);
    EXPECT_NEAR(pick.distance, best, 1e-3);
    centers.push_back(candidates[pick.candidate]);
  }
}

TEST(FarthestFirst, StartsWhereItIsToldAndTakesEveryDuplicateInTheEnd) {
  const Matrix x(4, 2);  // Four equal rows.
  const std::vector<int64_t> candidates = {0, 1, 2, 3};
  const auto picks = farthest_first(x, candidates, {}, 9, 2);
  ASSERT_EQ(picks.size(), 4u);
  EXPECT_EQ(picks[0].candidate, 2u);
  EXPECT_EQ(picks[1].candidate, 0u);
  EXPECT_EQ(picks[1].distance, 0);
}

}  // namespace querist::kernels
