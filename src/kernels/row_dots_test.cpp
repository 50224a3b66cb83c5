// The row products on every supported kind of processor against a double-precision loop.
#include "kernels/row_dots.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/rng.h"
#include "kernels/every_target_fixture.h"

namespace querist::kernels {

TEST(RowDots, EqualTheScalarSumOnEveryTarget) {
  Rng rng(1);
  for (const size_t cols : {1, 7, 16, 33, 384}) {
    Matrix x(5, cols);
    std::vector<uint16_t> half(x.values.size());
    std::vector<float> point(cols);
    for (float& v : point) v = static_cast<float>(rng.normal());
    for (size_t i = 0; i < half.size(); ++i) {
      half[i] = float_to_half(static_cast<float>(rng.normal()));
      x.values[i] = half_to_float(half[i]);  // So that both kinds hold the same numbers.
    }
    const std::vector<int64_t> rows = {4, 0, 2};
    on_every_target([&] {
      std::vector<float> dense(3), narrow(3), norms(3);
      row_dots(x, rows, point, dense);
      row_dots(Features::of_half(5, cols, half.data()), rows, point, narrow);
      row_squared_norms(x, rows, norms);
      for (size_t i = 0; i < 3; ++i) {
        double expected = 0, size = 1e-6, norm = 0;
        for (size_t j = 0; j < cols; ++j) {
          const double a = x.at(static_cast<size_t>(rows[i]), j);
          expected += a * point[j];
          size += std::abs(a * point[j]);
          norm += a * a;
        }
        // Rounding of a float sum of n terms stays below n times 6e-8 of the sum of sizes.
        EXPECT_NEAR(dense[i], expected, size * 6e-8 * static_cast<double>(cols + 1));
        EXPECT_NEAR(narrow[i], expected, size * 6e-8 * static_cast<double>(cols + 1));
        EXPECT_NEAR(norms[i], norm, norm * 6e-8 * static_cast<double>(cols + 1));
      }
    });
  }
}

TEST(Exponentiate, IsCloseToTheLibraryEverywhere) {
  on_every_target([] {
    std::vector<float> values;
    for (float x = -80; x <= 80; x += 0.37f) values.push_back(x);
    std::vector<float> out = values;
    exponentiate(out);
    for (size_t i = 0; i < values.size(); ++i) {
      EXPECT_NEAR(out[i] / std::exp(static_cast<double>(values[i])), 1, 2e-6) << values[i];
    }
    std::vector<float> tiny = {-1e30f, -200};
    exponentiate(tiny);
    EXPECT_LT(tiny[0], 1e-36f);
  });
}

}  // namespace querist::kernels
