// Distances of one point against their definition, on every kind of processor that this one can
// play.
#include "kernels/point_distances.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/rng.h"
#include "kernels/every_target_fixture.h"

namespace querist::kernels {

TEST(PointDistances, EqualTheDefinitionForEveryShapeAndVectorWidth) {
  Rng rng(1);
  on_every_target([&] {
    for (const size_t cols : {0u, 1u, 3u, 8u, 17u, 33u, 130u}) {
      for (const size_t rows : {0u, 1u, 7u}) {
        Matrix m(rows, cols);
        for (float& v : m.values) v = static_cast<float>(100 + rng.normal());
        std::vector<float> point(cols);
        for (float& v : point) v = static_cast<float>(100 + rng.normal());
        std::vector<double> out(rows, -1);
        point_distances(m, point, out);
        for (size_t i = 0; i < rows; ++i) {
          long double sum = 0;
          for (size_t j = 0; j < cols; ++j) {
            const long double gap = static_cast<long double>(m.at(i, j)) - point[j];
            sum += gap * gap;
          }
          // At most cols roundings of double, each of a share 1.1e-16 of the sum.
          EXPECT_NEAR(out[i], static_cast<double>(sum), 2e-14 * static_cast<double>(sum));
        }
      }
    }
  });
}

TEST(PointDistances, AreExactlyZeroAtTheSamePointFarFromTheOrigin) {
  Matrix m(1, 37);
  Rng rng(2);
  for (float& v : m.values) v = static_cast<float>(1e6 + rng.normal());
  double out = -1;
  point_distances(m, m.row(0), std::span(&out, 1));
  EXPECT_EQ(out, 0);
}

}  // namespace querist::kernels
