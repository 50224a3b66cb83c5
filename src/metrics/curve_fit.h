// Learning curves carried on past their end by a law, error(m) = a + b g(m), with intervals for
// what the next labels gain (Cortes, Jackel, Solla, Vapnik and Denker 1993).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "metrics/curve_law.h"
#include "metrics/estimate.h"

namespace querist::metrics {

// A model's measured error in [0, 1] and the variance of that measurement, above 0.
struct CurvePoint {
  double labels = 0;  // At least 1.
  double error = 0;
  double variance = 0;
};

// Least squares weighted by 1 / variance, over a >= 0, b >= 0 and a range of shapes: c in
// [.05, 1.5] for the power law, [.2, 20] for the exponential with the most labels as its unit,
// [.3, 4] for mmf with half in [.02, 2] of the most labels. For each shape of a grid a and b are
// exact, and the best shape is refined. Points in any order; at least one. A flat curve has b = 0.
// O(n) for each of some hundred shapes.
CurveLaw fit_law(std::span<const CurvePoint> points, CurveForm form = CurveForm::power_law);

// How well a law that was fitted to the earlier points foretold the last ones.
struct HeldOut {
  CurveForm form = CurveForm::power_law;
  double error = 0;  // Mean absolute difference from the measured ones.
  double loss = 0;   // Sum of the squared differences by the points' variances.
};

struct CurveChoice {
  CurveForm form = CurveForm::power_law;
  std::vector<HeldOut> held_out;  // One a form; empty: the curve is too short to hold any out.
};

inline constexpr size_t choice_minimum = 8;  // Points from which on laws are compared.

// Chooses the form by the newest quarter of the points, held out. Another form than the power law
// must foretell them better by more than chance alone moves one of them (a loss lower by 1), so
// that near ties do not change forecasts from model to model. Fewer than choice_minimum points: the
// power law.
CurveChoice choose_form(std::span<const CurvePoint> points);

// The fit, and fits of as many curves drawn around it with the points' variances. The measurements
// are taken as independent; models measured on the same labels share much of their noise, which
// moves a and cancels out of a gain, so that the intervals of gains are rather too wide.
struct CurveFit {
  CurveLaw fit;
  std::vector<CurveLaw> resampled;
};
CurveFit fit_curve(std::span<const CurvePoint> points, uint64_t seed,
                   CurveForm form = CurveForm::power_law, size_t resamples = 200);

// Percentile intervals over the resampled fits; the form's word is their method.
Estimate error_at(const CurveFit& curve, double labels, double confidence = 0.95);
Estimate gain_between(const CurveFit& curve, double from, double to, double confidence = 0.95);

// How many labels, all in all, until the error has fallen to `error`. Nothing where that never
// happens: for `labels` by the fit itself, for an end by the fits at that end of the interval.
struct LabelsTo {
  std::optional<double> labels;
  std::optional<double> ci_low;
  std::optional<double> ci_high;
};
LabelsTo labels_to(const CurveFit& curve, double error, double confidence = 0.95);

}  // namespace querist::metrics
