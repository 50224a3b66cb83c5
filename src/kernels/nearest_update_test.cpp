// The running minimum on every supported kind of processor against a double-precision loop.
#include "kernels/nearest_update.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/rng.h"
#include "kernels/every_target_fixture.h"

namespace querist::kernels {

TEST(NearestUpdate, EqualsTheDefinitionOnEveryTarget) {
  Rng rng(1);
  const std::vector<int64_t> rows = {6, 0, 2, 4, 5, 1, 3};
  on_every_target([&] {
    for (const size_t cols : {1u, 7u, 16u, 33u, 130u}) {
      for (const size_t count : {1u, 4u, 18u}) {
        Matrix x(7, cols), centers(count, cols);
        std::vector<uint16_t> half;
        for (float& v : x.values) {
          half.push_back(float_to_half(static_cast<float>(rng.normal())));
          v = half_to_float(half.back());  // So that both kinds hold the same numbers.
        }
        for (float& v : centers.values) v = static_cast<float>(rng.normal());
        std::copy(x.row(3).begin(), x.row(3).end(), centers.row(count - 1).begin());
        std::vector<float> predictions(7, 2), targets(count, -1), narrow(7, 1e30f);
        std::vector<float> dense = narrow, product = narrow;
        std::vector<double> sums(7, 0);
        const TargetGaps gaps = {predictions, targets};
        nearest_update(x, rows, centers, dense);
        nearest_update(Features::of_half(7, cols, half.data()), rows, centers, narrow);
        nearest_update(x, rows, centers, product, &gaps);
        distance_sums(x, rows, centers, sums);
        EXPECT_EQ(dense, narrow);
        EXPECT_EQ(dense[6], 0);  // Row 3 is a centre.
        for (size_t i = 0; i < 7; ++i) {
          double least = std::numeric_limits<double>::infinity(), total = 0;
          for (size_t c = 0; c < count; ++c) {
            double sum = 0;
            for (size_t j = 0; j < cols; ++j)
              sum += std::pow(double{x.at(static_cast<size_t>(rows[i]), j)} - centers.at(c, j), 2);
            least = std::min(least, sum), total += std::sqrt(sum);
          }
          // A float sum of n squares is within n + 2 roundings of 6e-8 each.
          const double tolerance = 6e-8 * static_cast<double>(cols + 2);
          EXPECT_NEAR(dense[i], least, least * tolerance);
          EXPECT_NEAR(product[i], 9 * least, 9 * least * tolerance);
          EXPECT_NEAR(sums[i], total, total * tolerance);
        }
      }
    }
  });
}

}  // namespace querist::kernels
