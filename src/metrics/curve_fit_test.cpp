// Curves made from known laws: recovered without noise, no worse than any law of a fine grid with
// it, and covered by their intervals.
#include "metrics/curve_fit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/rng.h"

namespace querist::metrics {

using Points = std::vector<CurvePoint>;

static Points points_of(const CurveLaw& law, int count, double step, double variance) {
  Points points;
  for (int i = 1; i <= count; ++i) {
    points.push_back({step * i, law.error(step * i), variance});
  }
  return points;
}

static double loss(const Points& points, double a, double b, double c) {
  double sum = 0;
  for (const CurvePoint& point : points) {
    const double gap = point.error - a - b * std::pow(point.labels, -c);
    sum += gap * gap / point.variance;
  }
  return sum;
}

TEST(CurveFit, FindsTheLawBehindACurveWithoutNoise) {
  Rng rng(3);
  for (int round = 0; round < 100; ++round) {
    const CurveLaw law{0.2 * rng.uniform(), 0.3 + 0.5 * rng.uniform(), 0.2 + rng.uniform()};
    const CurveLaw found = fit_law(points_of(law, 25, 20, 1e-4));
    // Golden section ends where losses differ by rounding only: c to about 1e-6.
    EXPECT_NEAR(found.a, law.a, 1e-4);
    EXPECT_NEAR(found.c, law.c, 1e-3);
    EXPECT_NEAR(found.error(1000), law.error(1000), 1e-5);
  }
}

TEST(CurveFit, FitsNoWorseThanAnyLawOfAFineGrid) {
  Rng rng(5);
  for (int round = 0; round < 30; ++round) {
    Points points;
    const int count = 4 + static_cast<int>(rng.below(8));
    for (int i = 1; i <= count; ++i) {
      points.push_back({10.0 * i, 0.5 * rng.uniform(), 1e-3 * (0.1 + rng.uniform())});
    }
    const CurveLaw found = fit_law(points);
    EXPECT_GE(found.a, 0);
    EXPECT_GE(found.b, 0);
    EXPECT_GE(found.c, 0.05 - 1e-9);
    EXPECT_LE(found.c, 1.5 + 1e-9);
    const double best = loss(points, found.a, found.b, found.c);
    for (double c = 0.05; c <= 1.5; c += 0.05) {
      for (double a = 0; a <= 0.5; a += 0.02) {
        for (double b = 0; b <= 2; b += 0.1) {
          // Rounding aside, nothing may be better.
          ASSERT_GE(loss(points, a, b, c), best * (1 - 1e-9)) << a << " " << b << " " << c;
        }
      }
    }
  }
}

TEST(CurveFit, WeighsPointsByTheirVariance) {
  Points points = points_of({0.1, 0.5, 0.5}, 12, 30, 1e-4);
  points.push_back({400, 0.9, 1e6});  // Known so badly that it counts for nothing.
  EXPECT_NEAR(fit_law(points).error(1000), 0.1 + 0.5 / std::sqrt(1000), 1e-4);
}

TEST(CurveFit, SeesNoGainInAFlatOrRisingCurve) {
  const Points flat = points_of({0.2, 0, 1}, 10, 20, 1e-4);
  EXPECT_NEAR(fit_law(flat).error(10'000), 0.2, 1e-9);
  Points rising;
  for (int i = 1; i <= 10; ++i) rising.push_back({20.0 * i, 0.02 * i, 1e-4});
  EXPECT_EQ(fit_law(rising).b, 0);
  EXPECT_NEAR(fit_law(rising).a, 0.11, 1e-12);
  EXPECT_EQ(gain_between(fit_curve(rising, 1), 200, 300).value, 0);
  EXPECT_EQ(fit_law(Points{{50, 0.3, 1e-3}}).error(50), 0.3);
}

// Of 300 curves the 95 % interval should hold the true gain for most; the percentile bootstrap of a
// bounded fit is approximate, and 300 draws have a deviation of 1.3 of 100, so 90 of 100 is asked
// for. Noise that the points share moves no gain and must not hurt.
TEST(CurveFit, IntervalsHoldTheTrueGain) {
  const CurveLaw law{0.08, 0.9, 0.5};
  const double truth = law.error(500) - law.error(600);
  for (const double shared : {0.0, 0.8}) {
    Rng rng(7);
    int held = 0;
    for (uint64_t round = 0; round < 300; ++round) {
      Points points = points_of(law, 20, 25, 0.015 * 0.015);
      const double common = std::sqrt(shared) * rng.normal();
      for (CurvePoint& point : points) {
        const double noise = common + std::sqrt(1 - shared) * rng.normal();
        point.error = std::clamp(point.error + 0.015 * noise, 0.0, 1.0);
      }
      const Estimate gain = gain_between(fit_curve(points, round), 500, 600);
      EXPECT_LE(gain.ci_low, gain.value);
      EXPECT_LE(gain.value, gain.ci_high);
      held += gain.ci_low <= truth && truth <= gain.ci_high;
    }
    EXPECT_GE(held, 270) << shared;
  }
}

// A curve of each form, and the same form found again: as a curve, since far from the points'
// labels other numbers may give nearly the same one.
TEST(CurveFit, FindsEveryForm) {
  Rng rng(11);
  for (int round = 0; round < 60; ++round) {
    const double a = 0.2 * rng.uniform();
    const double b = 0.3 + 0.3 * rng.uniform();
    // 25 points to 500 labels: rates and halves within the fitted range of shapes.
    const CurveLaw laws[] = {
        {a, b, 0.2 + rng.uniform()},
        {a, b, (1 + 6 * rng.uniform()) / 500, CurveForm::exponential},
        {a, b, 0.8 + 2 * rng.uniform(), CurveForm::mmf, 50 + 300 * rng.uniform()}};
    for (const CurveLaw& law : laws) {
      const CurveLaw found = fit_law(points_of(law, 25, 20, 1e-4), law.form);
      EXPECT_EQ(found.form, law.form);
      for (const double labels : {20.0, 250.0, 500.0}) {
        EXPECT_NEAR(found.error(labels), law.error(labels), 1e-4) << curve_form_word(law.form);
      }
      // Twice as far as the points reach.
      EXPECT_NEAR(found.error(1000), law.error(1000), 1e-3) << curve_form_word(law.form);
    }
  }
}

TEST(CurveFit, FitsEveryFormNoWorseThanAFineGrid) {
  Rng rng(13);
  for (int round = 0; round < 20; ++round) {
    Points points;
    const int count = 6 + static_cast<int>(rng.below(8));
    for (int i = 1; i <= count; ++i) {
      points.push_back({10.0 * i, 0.5 * rng.uniform(), 1e-3 * (0.1 + rng.uniform())});
    }
    const double unit = 10.0 * count;
    const auto squares = [&](const CurveLaw& law) {
      double sum = 0;
      for (const CurvePoint& point : points) {
        const double gap = point.error - law.a - law.b * law.g(point.labels);
        sum += gap * gap / point.variance;
      }
      return sum;
    };
    for (const CurveForm form : {CurveForm::exponential, CurveForm::mmf}) {
      const double best = squares(fit_law(points, form));
      for (double c = 0.3; c <= 4; c *= 1.5) {
        for (double a = 0; a <= 0.5; a += 0.05) {
          for (double b = 0; b <= 2; b += 0.1) {
            const double rate = form == CurveForm::mmf ? c : c / unit;
            // Rounding, and basins that the search from its grid's best point does not look into.
            ASSERT_GE(squares({a, b, rate, form, 0.3 * unit}), best * 0.999);
          }
        }
      }
    }
  }
}

TEST(CurveLaw, LabelsToAnErrorAreWhereTheLawHasIt) {
  Rng rng(17);
  for (int round = 0; round < 300; ++round) {
    const auto form = static_cast<CurveForm>(rng.below(3));
    const double c =
        form == CurveForm::exponential ? 0.01 * rng.uniform() + 1e-4 : 0.3 + 1.2 * rng.uniform();
    const CurveLaw law{0.2 * rng.uniform(), 0.1 + 0.6 * rng.uniform(), c, form, 200};
    const double labels = 1 + 2000 * rng.uniform();
    const double error = law.a + law.b * law.g(labels);
    const auto found = law.labels_to(error);
    ASSERT_TRUE(found.has_value());
    EXPECT_NEAR(*found, labels, 1e-6 * labels);
    EXPECT_FALSE(law.labels_to(law.a - 1e-9));
    EXPECT_FALSE(law.labels_to(law.a));
  }
  EXPECT_EQ(CurveLaw({0.1, 0.5, 0.01, CurveForm::exponential}).labels_to(0.7), 0);
  EXPECT_EQ(CurveLaw({0.1, 0.5, 1, CurveForm::mmf, 100}).labels_to(0.7), 0);
  EXPECT_EQ(CurveLaw({0.1, 0}).labels_to(0.1), 0);
  EXPECT_FALSE(CurveLaw({0.1, 0}).labels_to(0.05));
}

// The form behind the curve where the forms tell something else, and the power law where they do
// not.
TEST(ChooseForm, FindsTheFormThatForetellsTheLastPoints) {
  const CurveLaw laws[] = {{0.02, 1.2, 0.4},
                           {0.1, 0.5, 0.01, CurveForm::exponential},
                           {0.05, 0.5, 3, CurveForm::mmf, 250}};
  for (const CurveLaw& law : laws) {
    Rng rng(19);
    int right = 0;
    for (int round = 0; round < 50; ++round) {
      Points points = points_of(law, 24, 20, 0.004 * 0.004);
      for (CurvePoint& point : points) point.error += 0.004 * rng.normal();
      const CurveChoice choice = choose_form(points);
      ASSERT_EQ(choice.held_out.size(), 3u);
      right += choice.form == law.form;
    }
    EXPECT_GE(right, 35) << curve_form_word(law.form);
  }
}

TEST(ChooseForm, HoldsTheNewestQuarterOut) {
  Points points = points_of({0.1, 0.5, 0.5}, 12, 20, 1e-4);
  for (size_t i = 9; i < 12; ++i) points[i].error = 0.3;
  const CurveLaw law = fit_law(std::span(points).first(9));
  double error = 0;
  double loss = 0;
  for (size_t i = 9; i < 12; ++i) {
    const double gap = 0.3 - law.error(points[i].labels);
    error += std::abs(gap) / 3;
    loss += gap * gap / 1e-4;
  }
  std::swap(points[0], points[11]);  // In any order.
  const CurveChoice choice = choose_form(points);
  ASSERT_EQ(choice.held_out.size(), 3u);
  EXPECT_EQ(choice.held_out[0].form, CurveForm::power_law);
  EXPECT_NEAR(choice.held_out[0].error, error, 1e-9);
  EXPECT_NEAR(choice.held_out[0].loss, loss, 1e-6);
  points.resize(7);
  EXPECT_TRUE(choose_form(points).held_out.empty());
  EXPECT_EQ(choose_form(points).form, CurveForm::power_law);
  EXPECT_THROW(choose_form({}), Error);
}

// As for gains: of 200 noisy curves the interval should hold the true number of labels for most.
TEST(LabelsTo, IntervalsHoldTheTrueNumber) {
  for (const CurveLaw& law :
       {CurveLaw{0.08, 0.9, 0.5}, CurveLaw{0.08, 0.5, 0.004, CurveForm::exponential}}) {
    const double target = law.error(700);
    Rng rng(23);
    int held = 0;
    for (uint64_t round = 0; round < 200; ++round) {
      Points points = points_of(law, 20, 25, 0.01 * 0.01);
      for (CurvePoint& point : points)
        point.error = std::clamp(point.error + 0.01 * rng.normal(), 0.0, 1.0);
      const LabelsTo labels = labels_to(fit_curve(points, round, law.form), target);
      const double low = labels.ci_low.value_or(1e300);
      const double high = labels.ci_high.value_or(1e300);
      EXPECT_LE(low, labels.labels.value_or(1e300));
      EXPECT_GE(high, labels.labels.value_or(1e300));
      held += low <= 700 && 700 <= high;
    }
    EXPECT_GE(held, 180) << curve_form_word(law.form);
  }
}

TEST(LabelsTo, SaysWhereTheCurveNeverGetsThere) {
  const Points points = points_of({0.2, 0.8, 1}, 25, 20, 1e-6);
  const CurveFit curve = fit_curve(points, 3);
  EXPECT_FALSE(labels_to(curve, 0.1).labels);
  EXPECT_FALSE(labels_to(curve, 0.1).ci_low);
  const LabelsTo reached = labels_to(curve, 0.201);  // 0.8 / m = 0.001.
  ASSERT_TRUE(reached.labels.has_value());
  EXPECT_NEAR(*reached.labels, 800, 10);
  EXPECT_THROW(labels_to(curve, -0.1), Error);
  EXPECT_THROW(labels_to(curve, std::nan("")), Error);
}

TEST(CurveFit, RepeatsItselfAndRefusesWhatIsNoPoint) {
  const Points points = points_of({0.1, 0.5, 0.5}, 8, 20, 1e-3);
  EXPECT_EQ(error_at(fit_curve(points, 4), 500).ci_high,
            error_at(fit_curve(points, 4), 500).ci_high);
  EXPECT_THROW(fit_law({}), Error);
  EXPECT_THROW(fit_law(Points{{0, 0.1, 1}}), Error);
  EXPECT_THROW(fit_law(Points{{10, 0.1, 0}}), Error);
  EXPECT_THROW(fit_law(Points{{10, 1.1, 1}}), Error);
  EXPECT_THROW(fit_law(Points{{10, std::nan(""), 1}}, CurveForm::mmf), Error);
}

}  // namespace querist::metrics
