// What the audited curve says that the next labels will gain, and whether it would have been right
// before.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "metrics/curve_fit.h"
#include "stopping/stopping.h"

namespace querist::stopping {

// How the curve's own forecast of today, made some models ago, compares with today's audit. The law
// is the one that would have been chosen then.
struct BackTest {
  size_t models = 0;  // How many ago.
  metrics::Estimate predicted;
  double measured = 0;
  bool held = false;  // The gap is no larger than both measurements' noise allows.
};

struct Forecast {
  metrics::Estimate gain;             // Of the metric, from the next labels; a share, not points.
  size_t labels = 0;                  // How many those are.
  metrics::CurveChoice choice;        // The law, and how each form of it foretold held-out models.
  std::optional<BackTest> back_test;  // Nothing: the curve is too short for one.
};

inline constexpr size_t curve_minimum = 4;  // Points that a law is fitted to.

// The law is fitted to the audited models of the last two thirds, weighted by their audits'
// intervals; curves under active learning start steeper than a power law. Its form is the one that
// foretells the newest quarter of those (metrics::choose_form). Nothing: fewer than curve_minimum
// points are left, or no labels. Same history, same forecast.
std::optional<Forecast> forecast(const History& history, size_t labels, size_t models_back = 5);

// How many more labels until the metric is expected at the history's target.
struct TargetForecast {
  metrics::LabelsTo more;  // From today on, audit labels included; 0: the curve is there. Nothing:
                           // it never gets there.
  metrics::CurveForm form = metrics::CurveForm::power_law;
  std::optional<BackTest> back_test;
  std::string sentence;
};

// Nothing: no target is set, or there is no curve yet.
std::optional<TargetForecast> target_forecast(const History& history, size_t models_back = 5);

// "about 0.43 of 100 (0 to 1.1)".
std::string gain_words(const metrics::Estimate& gain);
// "Five models ago …", or what is missing.
std::string back_test_words(const Forecast& forecast);

}  // namespace querist::stopping
