// Intervals of calibration errors hold the true errors of worlds that are known.
#include "metrics/calibration_interval.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/rng.h"
#include "metrics/calibration.h"
#include "metrics/class_calibration.h"

namespace querist::metrics {

namespace {

// Confidences of 0.5 to 1, squeezed towards 1 by `squeeze`; right with the chance c - gap.
struct World {
  double squeeze;
  double gap;
  std::vector<double> confidences{};
  std::vector<uint8_t> right{};

  void draw(Rng& rng, size_t n) {
    confidences.clear();
    right.clear();
    for (size_t i = 0; i < n; ++i) {
      confidences.push_back(1 - 0.5 * std::pow(rng.uniform(), squeeze));
      right.push_back(rng.uniform() < confidences.back() - gap);
    }
  }
};

}  // namespace

static bool holds(const Estimate& e, double truth) {
  EXPECT_LE(e.ci_low, e.value);
  EXPECT_LE(e.value, e.ci_high);
  return e.ci_low <= truth && truth <= e.ci_high;
}

// The gap is the same in every bin, so it is the true error by any binning. 200 sets: 95 % of them
// less three standard errors of 3.1 is 181. A percentile bootstrap holds none of the zeros.
TEST(CalibrationInterval, HoldsTheTruthAsOftenAsItSays) {
  Rng rng(1);
  for (const World& given : {World{1, 0}, World{1, 0.1}, World{3, 0}, World{3, 0.03}}) {
    for (const size_t n : {60, 300}) {
      World world = given;
      int width = 0, mass = 0, debiased = 0;
      for (int set = 0; set < 200; ++set) {
        world.draw(rng, n);
        const auto& [squeeze, gap, confidences, right] = world;
        width += holds(expected_calibration_error_interval(confidences, right), gap);
        mass += holds(adaptive_calibration_error_interval(confidences, right), gap);
        debiased += holds(debiased_calibration_error_interval(confidences, right), gap);
      }
      EXPECT_GE(width, 181) << given.squeeze << ", " << given.gap << ", " << n;
      EXPECT_GE(mass, 181) << given.squeeze << ", " << given.gap << ", " << n;
      EXPECT_GE(debiased, 181) << given.squeeze << ", " << given.gap << ", " << n;
    }
  }
}

TEST(CalibrationInterval, ShrinksWithRowsAndIsAboutTheErrorItself) {
  Rng rng(2);
  World world{1, 0.1};
  double before = 1;
  for (const size_t n : {100, 1'000, 10'000}) {
    world.draw(rng, n);
    const auto& [squeeze, gap, confidences, right] = world;
    const Estimate e = expected_calibration_error_interval(confidences, right);
    EXPECT_NEAR(e.value, expected_calibration_error(confidences, right), 1e-12);
    EXPECT_NEAR(adaptive_calibration_error_interval(confidences, right, 10).value,
                adaptive_calibration_error(confidences, right, 10), 1e-12);
    EXPECT_EQ(debiased_calibration_error_interval(confidences, right).value,
              debiased_calibration_error(confidences, right));
    EXPECT_EQ(e.method, "folded_normal");
    EXPECT_LT(e.ci_high - e.ci_low, before / 2);
    before = e.ci_high - e.ci_low;
  }
  EXPECT_LT(before, 0.03);
}

// Six classes, probabilities from exponentials made to add up to 1 and labels drawn from them: the
// true error is 0. Five of a hundred may say otherwise, and three standard errors of 2.2.
TEST(CalibrationInterval, OfAllClassesHoldsTheZeroOfHonestProbabilities) {
  Rng rng(3);
  constexpr size_t n = 200, classes = 6;
  int held = 0;
  for (int set = 0; set < 100; ++set) {
    std::vector<double> p(n * classes);
    std::vector<int32_t> labels(n);
    for (size_t i = 0; i < n; ++i) {
      double sum = 0;
      for (size_t k = 0; k < classes; ++k) sum += p[i * classes + k] = -std::log(1 - rng.uniform());
      double left = rng.uniform();
      for (size_t k = 0; k < classes; ++k) {
        p[i * classes + k] /= sum;
        left -= p[i * classes + k];
        if (left >= 0) labels[i] = static_cast<int32_t>(std::min(k + 1, classes - 1));
      }
    }
    held += holds(classwise_calibration_error_interval(labels, {n, classes, p.data()}), 0);
  }
  EXPECT_GE(held, 88);
}

// Three answers, all right and all certain: an accuracy of 1, but by Wilson's interval from
// 3 / (3 + 1.96²) = 0.438.
TEST(CalibrationInterval, ClaimsNoCertaintyWhereAllAreRight) {
  const std::vector<double> confidences = {1, 1, 1};
  const std::vector<uint8_t> right = {1, 1, 1};
  const Estimate e = expected_calibration_error_interval(confidences, right);
  EXPECT_EQ(e.value, 0);
  EXPECT_EQ(e.ci_low, 0);
  EXPECT_GE(e.ci_high, 1 - 3 / (3 + 1.959964 * 1.959964) - 1e-6);
}

}  // namespace querist::metrics
