// Audited models to points, a fit, and the same fit made earlier.
#include "stopping/parts/forecast.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "metrics/curve_fit.h"
#include "metrics/distributions.h"

namespace querist::stopping {

using Points = std::vector<metrics::CurvePoint>;

static constexpr size_t audit_minimum = 10;  // Fewer audit labels say nothing of a model.
static constexpr size_t most_points = 60;

static Points audited(const History& history) {
  const double width = 2 * metrics::normal_quantile(0.975);  // The audit's intervals hold 95 %.
  Points points;
  for (const ModelRecord& model : history.models) {
    if (!model.audit || model.audit_labels < audit_minimum || model.labels == 0) continue;
    // An interval without width would outweigh all others; no audit of n labels knows better than
    // half an error.
    const double least = 0.5 / static_cast<double>(model.audit_labels);
    const double deviation = std::max(least, (model.audit->ci_high - model.audit->ci_low) / width);
    points.push_back(
        {static_cast<double>(model.labels), 1 - model.audit->value, deviation * deviation});
  }
  return points;
}

// The last two thirds, at most most_points of them, evenly spread with the newest: neighbours are
// measured on nearly the same labels, so that more of them would only look like more evidence.
static Points fitted_part(const Points& points) {
  const size_t first = points.size() / 3;
  const size_t count = points.size() - first;
  const size_t kept = std::min(count, most_points);
  Points part;
  for (size_t i = 0; i < kept; ++i) {
    const size_t back = kept == 1 ? 0 : i * (count - 1) / (kept - 1);
    part.push_back(points[points.size() - 1 - back]);
  }
  return part;
}

static std::optional<BackTest> test_back(const Points& points, size_t models_back, uint64_t seed) {
  if (points.size() <= models_back) return std::nullopt;
  const Points part = fitted_part({points.begin(), points.end() - static_cast<long>(models_back)});
  if (part.size() < curve_minimum) return std::nullopt;
  const metrics::CurvePoint& now = points.back();
  const auto error = metrics::error_at(metrics::fit_curve(part, seed), now.labels);
  BackTest test{.models = models_back, .measured = 1 - now.error};
  test.predicted = {1 - error.value, 1 - error.ci_high, 1 - error.ci_low, error.method};
  const double z = metrics::normal_quantile(0.975);
  const double fit = test.measured > test.predicted.value
                         ? test.predicted.ci_high - test.predicted.value
                         : test.predicted.value - test.predicted.ci_low;
  test.held =
      std::abs(test.measured - test.predicted.value) <= std::sqrt(fit * fit + z * z * now.variance);
  return test;
}

std::optional<Forecast> forecast(const History& history, size_t labels, size_t models_back) {
  const Points points = audited(history);
  const Points part = fitted_part(points);
  if (part.size() < curve_minimum || labels == 0) return std::nullopt;
  const uint64_t seed = points.size();  // Any fixed one: the same history says the same.
  const double from = points.back().labels;
  const auto curve = metrics::fit_curve(part, seed);
  return Forecast{metrics::gain_between(curve, from, from + static_cast<double>(labels)), labels,
                  test_back(points, models_back, seed)};
}

std::string gain_words(const metrics::Estimate& gain) {
  // Rounded first, so that no "-0" appears.
  const auto points = [](double share) { return std::round(10'000 * share) / 100 + 0.0; };
  return fmt::format("about {:g} of 100 ({:g} to {:g})", points(gain.value), points(gain.ci_low),
                     points(gain.ci_high));
}

std::string back_test_words(const Forecast& forecast) {
  if (!forecast.back_test) return "The curve is too short to check this against the past.";
  const BackTest& test = *forecast.back_test;
  return fmt::format(
      "{} {} ago the same forecast for today was {:.1f} of 100, and the audit has "
      "{:.1f}{}",
      test.models, test.models == 1 ? "model" : "models", 100 * test.predicted.value,
      100 * test.measured, test.held ? "." : ", more off than chance explains.");
}

}  // namespace querist::stopping
