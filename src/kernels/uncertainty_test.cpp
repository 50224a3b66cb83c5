// The uncertainty kernels against their closed forms.
#include "kernels/uncertainty.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace querist::kernels {

static const std::vector<float> rows = {0.5f, 0.3f, 0.2f, 0.2f,    0.5f,    0.3f,
                                        1,    0,    0,    1.f / 3, 1.f / 3, 1.f / 3};

TEST(Uncertainty, LeastConfidenceIsOneMinusTheLargest) {
  std::vector<float> out(4);
  least_confidences(rows, 3, out);
  EXPECT_FLOAT_EQ(out[0], 0.5f);
  EXPECT_FLOAT_EQ(out[2], 0);
  EXPECT_FLOAT_EQ(out[3], 2.f / 3);
}

TEST(Uncertainty, MarginDoesNotDependOnTheOrderOfClasses) {
  std::vector<float> out(4);
  margins(rows, 3, out);
  EXPECT_FLOAT_EQ(out[0], 0.2f);
  EXPECT_FLOAT_EQ(out[1], 0.2f);
  EXPECT_FLOAT_EQ(out[2], 1);
  EXPECT_FLOAT_EQ(out[3], 0);
}

TEST(Uncertainty, RatioIsTheSecondLargestOverTheLargest) {
  std::vector<float> out(4);
  ratios(rows, 3, out);
  EXPECT_FLOAT_EQ(out[0], 0.6f);
  EXPECT_FLOAT_EQ(out[1], 0.6f);
  EXPECT_EQ(out[2], 0);
  EXPECT_EQ(out[3], 1);
  std::vector<float> one(1);
  ratios(std::vector<float>{1}, 1, one);
  EXPECT_EQ(one[0], 0);
}

TEST(Uncertainty, EntropyIsInNatsAndZeroForACertainRow) {
  std::vector<float> out(4);
  entropies(rows, 3, out);
  EXPECT_NEAR(out[0], -(0.5 * std::log(0.5) + 0.3 * std::log(0.3) + 0.2 * std::log(0.2)), 1e-6);
  EXPECT_EQ(out[2], 0);
  EXPECT_NEAR(out[3], std::log(3.0), 1e-6);
}

TEST(Uncertainty, OneClassIsNeverUncertain) {
  const std::vector<float> certain = {1, 1};
  std::vector<float> out(2);
  margins(certain, 1, out);
  EXPECT_EQ(out, (std::vector<float>{1, 1}));
  least_confidences(certain, 1, out);
  EXPECT_EQ(out, (std::vector<float>{0, 0}));
}

}  // namespace querist::kernels
