// Lazy choices against plain ones with every minimum exact, for what k_center does not ask of them:
// products with target gaps, and worths that fall from call to call.
#include "kernels/lazy_minimum.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/rng.h"

namespace querist::kernels {

struct LazyCase {
  Matrix x;
  std::vector<int64_t> candidates;
  std::vector<float> predictions;  // Empty: no gaps.
  std::vector<double> bonus;

  explicit LazyCase(uint64_t seed) {
    Rng rng(seed);
    x = Matrix(2 + rng.below(400), 1 + rng.below(20));
    const size_t clusters = 1 + rng.below(6);
    for (size_t i = 0; i < x.rows; ++i) {
      const auto center = static_cast<float>(rng.below(clusters)) * 5;
      for (float& v : x.row(i)) v = center + static_cast<float>(rng.normal());
      if (i > 0 && rng.below(5) == 0) std::ranges::copy(x.row(rng.below(i)), x.row(i).begin());
      if (seed % 2) predictions.push_back(static_cast<float>(rng.normal()));
      bonus.push_back(rng.uniform());
    }
    candidates.resize(x.rows);
    std::iota(candidates.begin(), candidates.end(), 0);
  }
  // As in a ranked batch: the distance counts less from pick to pick.
  double worth(size_t i, float squared, size_t picks) const {
    const double ratio = static_cast<double>(x.rows - picks) / static_cast<double>(1 + picks);
    return ratio * (1 - 1 / (1 + std::sqrt(double{squared}))) + bonus[i];
  }
};

TEST(LazyMinimum, ChoosesAsThePlainChoiceWithGapsAndFallingWorths) {
  size_t pairs = 0, all_pairs = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const LazyCase given(seed);
    const size_t n = given.x.rows, count = std::min<size_t>(n, 60);
    for (const size_t shortlist : {1u, 5u, 1024u}) {
      LazyMinimum lazy(given.x, given.candidates, shortlist, given.predictions);
      std::vector<float> nearest(n, std::numeric_limits<float>::infinity());
      std::vector<char> picked(n, 0);
      const auto add = [&](size_t row, float target) {
        lazy.add_center(static_cast<int64_t>(row), target);
        const TargetGaps gaps = {given.predictions, {&target, 1}};
        nearest_update(given.x, given.candidates, {1, given.x.cols, given.x.row(row).data()},
                       nearest, given.predictions.empty() ? nullptr : &gaps);
      };
      add(n - 1, 0.25f);
      for (size_t k = 0; k < count; ++k) {
        const auto worth = [&](size_t i, float squared) { return given.worth(i, squared, k); };
        size_t expected = n;
        for (size_t i = 0; i < n; ++i) {
          if (!picked[i] &&
              (expected == n || worth(i, nearest[i]) > worth(expected, nearest[expected])))
            expected = i;
        }
        const size_t found = lazy.best(worth);
        ASSERT_EQ(found, expected) << seed << " " << k;
        ASSERT_EQ(lazy.squared(found), nearest[expected]) << seed << " " << k;
        picked[found] = 1;
        lazy.remove(found);
        add(found, given.predictions.empty() ? 0 : given.predictions[found]);
      }
      if (shortlist == 5) pairs += lazy.counts().pairs, all_pairs += n * count;
    }
  }
  EXPECT_LT(pairs, all_pairs);  // Otherwise nothing lazy was looked at.
}

}  // namespace querist::kernels
