// Against plain sums in double precision, for every vector width.
#include "kernels/combined_rows.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/rng.h"
#include "kernels/every_target_fixture.h"

namespace querist::kernels {

TEST(CombinedRows, AreThePlainSumsOfTheRowsInUse) {
  Rng rng(5);
  for (const size_t heads : {1, 2, 3, 4, 7, 13}) {
    for (const size_t cols : {1, 7, 16, 40, 67, 131}) {
      const size_t rows = 1 + rng.below(150);
      const size_t stride = cols + rng.below(3), out_stride = cols + rng.below(5);
      Matrix coefficients(heads, rows);
      std::vector<float> x(rows * stride);
      for (float& value : coefficients.values) value = static_cast<float>(rng.normal());
      for (float& value : x) value = static_cast<float>(rng.normal());
      std::vector<uint32_t> used;
      for (size_t i = 0; i < rows; ++i) {
        if (rng.below(4) > 0) used.push_back(static_cast<uint32_t>(i));
        if (!used.empty() && used.back() == i) continue;
        for (size_t j = 0; j < stride; ++j)  // What is not in use is not read.
          x[i * stride + j] = std::numeric_limits<float>::quiet_NaN();
      }
      on_every_target([&] {
        std::vector<float> out(heads * out_stride, -7);
        combine_rows(coefficients, used, {x.data(), stride, cols}, out.data(), out_stride);
        for (size_t k = 0; k < heads; ++k) {
          for (size_t j = 0; j < out_stride; ++j) {
            if (j >= cols) {
              ASSERT_EQ(out[k * out_stride + j], -7);
              continue;
            }
            double sum = 0;
            for (const uint32_t i : used) sum += double{coefficients.at(k, i)} * x[i * stride + j];
            // At most 150 products of normal numbers, each rounded to 6e-8 of the sum so far.
            ASSERT_NEAR(out[k * out_stride + j], sum, 1e-4);
          }
        }
      });
    }
  }
}

}  // namespace querist::kernels
