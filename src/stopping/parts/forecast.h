// What the audited curve says that the next labels will gain, and whether it would have been right
// before.
#pragma once

#include <optional>
#include <string>

#include "stopping/stopping.h"

namespace querist::stopping {

// How the curve's own forecast of today, made some models ago, compares with today's audit.
struct BackTest {
  size_t models = 0;  // How many ago.
  metrics::Estimate predicted;
  double measured = 0;
  bool held = false;  // The gap is no larger than both measurements' noise allows.
};

struct Forecast {
  metrics::Estimate gain;             // Of the metric, from the next labels; a share, not points.
  size_t labels = 0;                  // How many those are.
  std::optional<BackTest> back_test;  // Nothing: the curve is too short for one.
};

inline constexpr size_t curve_minimum = 4;  // Points that a law of three numbers is fitted to.

// The law is fitted to the audited models of the last two thirds, weighted by their audits'
// intervals; curves under active learning start steeper than a power law. Nothing: fewer than
// curve_minimum points are left, or no labels. Same history, same forecast.
std::optional<Forecast> forecast(const History& history, size_t labels, size_t models_back = 5);

// "about 0.43 of 100 (0 to 1.1)".
std::string gain_words(const metrics::Estimate& gain);
// "Five models ago …", or what is missing.
std::string back_test_words(const Forecast& forecast);

}  // namespace querist::stopping
