// Narrow rows against the scalar conversions, number by number, on every instruction set.
#include "kernels/half_rows.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/matrix.h"
#include "base/rng.h"
#include "kernels/every_target_fixture.h"

namespace querist::kernels {

// Every half, subnormal and of either sign, that is a finite number.
static std::vector<float> all_halves() {
  std::vector<float> values;
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = half_to_float(static_cast<uint16_t>(bits));
    if (std::isfinite(value)) values.push_back(value);
  }
  return values;
}

TEST(HalfRows, KnowEveryHalfAndTheNeighbouringFloatsOfNone) {
  const auto halves = all_halves();
  on_every_target([&] {
    EXPECT_TRUE(are_halves(halves));
    std::vector<uint16_t> narrow(halves.size());
    narrow_to_halves(halves, narrow.data());
    for (size_t i = 0; i < halves.size(); ++i) ASSERT_EQ(narrow[i], float_to_half(halves[i]));
    for (const float bad :
         {0.1f, 1e-8f, 65'536.0f, 3e38f, 1.0f + 0x1.0p-11f, std::numeric_limits<float>::infinity(),
          std::numeric_limits<float>::quiet_NaN()}) {
      for (const size_t at : {size_t{0}, size_t{15}, size_t{36}}) {
        std::vector<float> row(37, 0.5f);
        EXPECT_TRUE(are_halves(row));
        row[at] = bad;
        EXPECT_FALSE(are_halves(row)) << bad << " at " << at;
      }
    }
  });
}

TEST(HalfRows, RoundAsTheScalarConversionAndSumSquaresAsALoop) {
  Rng rng(3);
  for (const size_t n : {0, 1, 15, 16, 33, 384}) {
    std::vector<float> row(n);
    for (float& value : row) {
      value = static_cast<float>(rng.normal() * std::pow(10.0, 12 * rng.uniform() - 8));
    }
    double expected = 0;
    for (const float value : row) expected += double{value} * value;
    on_every_target([&] {
      std::vector<uint16_t> narrow(n);
      narrow_to_halves(row, narrow.data());
      for (size_t j = 0; j < n; ++j) ASSERT_EQ(narrow[j], float_to_half(row[j])) << row[j];
      // The same double terms in another order: n roundings of 1.1e-16.
      EXPECT_NEAR(sum_of_squares(row), expected, 1e-13 * expected);
    });
    if (n == 0) continue;
    row.back() = std::numeric_limits<float>::max();
    EXPECT_TRUE(std::isfinite(sum_of_squares(row)));
    row.back() = std::numeric_limits<float>::infinity();
    EXPECT_FALSE(std::isfinite(sum_of_squares(row)));
  }
}

}  // namespace querist::kernels
