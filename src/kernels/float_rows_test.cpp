// Sums over float32 rows against plain loops, on every supported kind of processor.
#include "kernels/float_rows.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/rng.h"
#include "kernels/every_target_fixture.h"

namespace querist::kernels {

TEST(FloatRows, AddUpInDoubleOnEveryTargetAndLength) {
  for (const size_t length : {1, 7, 16, 33, 2048, 5001}) {
    Rng rng(length);
    std::vector<std::vector<float>> rows(5, std::vector<float>(length));
    for (auto& row : rows)
      for (float& value : row) value = static_cast<float>(rng.normal());
    std::vector<const float*> views;
    for (const auto& row : rows) views.push_back(row.data());
    std::vector<double> x(length), factors;
    for (double& value : x) value = rng.normal();
    for (size_t r = 0; r < rows.size(); ++r) factors.push_back(rng.normal());
    std::vector<double> dots(rows.size()), sums = x;
    for (size_t j = 0; j < length; ++j) {
      for (size_t r = 0; r < rows.size(); ++r) {
        dots[r] += static_cast<double>(rows[r][j]) * x[j];
        sums[j] += factors[r] * static_cast<double>(rows[r][j]);
      }
    }
    on_every_target([&] {
      std::vector<double> got(rows.size()), sum = x;
      float_row_dots(views, x, got);
      add_float_rows(views, factors, sum);
      for (size_t r = 0; r < rows.size(); ++r) ASSERT_NEAR(got[r], dots[r], 1e-10);
      for (size_t j = 0; j < length; ++j) ASSERT_NEAR(sum[j], sums[j], 1e-12);
      std::vector<double> wide(rows[0].begin(), rows[0].end());
      ASSERT_NEAR(dot(wide, x), dots[0], 1e-10);
    });
  }
}

}  // namespace querist::kernels
