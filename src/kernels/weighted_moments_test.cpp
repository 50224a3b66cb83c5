// Against plain sums over the rows, for every vector width.
#include "kernels/weighted_moments.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "base/rng.h"
#include "kernels/every_target_fixture.h"

namespace querist::kernels {

TEST(WeightedMoments, AreThePlainSumsOverTheRows) {
  Rng rng(3);
  for (const size_t cols : {1, 3, 8, 17, 40, 67}) {
    const size_t rows = 1 + rng.below(30);
    std::vector<float> x(rows * cols);
    std::vector<double> weights(rows);
    for (size_t i = 0; i < rows; ++i) weights[i] = i % 3 == 1 ? 0 : 0.5 + rng.uniform();
    for (size_t i = 0; i < rows; ++i) {
      for (size_t j = 0; j < cols; ++j)  // What weighs nothing is never looked at.
        x[i * cols + j] = weights[i] == 0 ? std::numeric_limits<float>::quiet_NaN()
                                          : static_cast<float>(100 + rng.normal());
    }
    on_every_target([&] {
      std::vector<double> means(cols, -1), variances(cols, -1);
      weighted_moments(x.data(), rows, cols, weights, means, variances);
      for (size_t j = 0; j < cols; ++j) {
        double total = 0, mean = 0, variance = 0;
        for (size_t i = 0; i < rows; ++i) total += weights[i];
        for (size_t i = 0; i < rows; ++i) {
          if (weights[i] > 0) mean += weights[i] * double{x[i * cols + j]} / total;
        }
        for (size_t i = 0; i < rows; ++i) {
          const double gap = double{x[i * cols + j]} - mean;
          if (weights[i] > 0) variance += weights[i] * gap * gap / total;
        }
        EXPECT_NEAR(means[j], mean, 1e-11);  // Sums of thirty doubles near 100, in another order.
        EXPECT_NEAR(variances[j], variance, 1e-11);
      }
    });
  }
}

}  // namespace querist::kernels
