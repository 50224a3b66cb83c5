// Learning curves carried on past their end: error(m) = a + b m^-c, with intervals for what the
// next labels gain (Cortes, Jackel, Solla, Vapnik and Denker 1993).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "metrics/estimate.h"

namespace querist::metrics {

// A model's measured error in [0, 1] and the variance of that measurement, above 0.
struct CurvePoint {
  double labels = 0;  // At least 1.
  double error = 0;
  double variance = 0;
};

struct PowerLaw {
  double a = 0;  // The error that no number of labels removes.
  double b = 0;
  double c = 1;

  double error(double labels) const;  // Within [0, 1].
};

// Least squares weighted by 1 / variance, over a >= 0, b >= 0 and c in [.05, 1.5]: for each c of a
// grid a and b are exact, and the best c is refined between its neighbours. Points in any order; at
// least one. A flat curve has b = 0. O(n) for each of 24 + 40 exponents.
PowerLaw fit_power_law(std::span<const CurvePoint> points);

// The fit, and fits of as many curves drawn around it with the points' variances. The measurements
// are taken as independent; models measured on the same labels share much of their noise, which
// moves a and cancels out of a gain, so that the intervals of gains are rather too wide.
struct CurveFit {
  PowerLaw fit;
  std::vector<PowerLaw> resampled;
};
CurveFit fit_curve(std::span<const CurvePoint> points, uint64_t seed, size_t resamples = 200);

// Percentile intervals over the resampled fits. "power_law".
Estimate error_at(const CurveFit& curve, double labels, double confidence = 0.95);
Estimate gain_between(const CurveFit& curve, double from, double to, double confidence = 0.95);

}  // namespace querist::metrics
